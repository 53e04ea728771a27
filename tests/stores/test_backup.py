import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stores.archive import NotABackup, seal, verify
from stores.backup import backup, restore
from stores.engine import Database
from stores.errors import Conflict, Misconfigured, SchemaMismatch, Unavailable
from stores.notelog import NoteKey, NoteLog
from stores.records.workspaces import Workspaces
from stores.schema import downgrade, upgrade
from stores.target import Driver, Target, choose
from tests.stores.test_engine import files
from tests.stores.test_transfer import NOW, contents, fill


def silent(table: str, done: int, total: int) -> None:
    """Tell nobody."""


@pytest.fixture
def source(tmp_path: Path, migrated_file: Path) -> Target:
    path = tmp_path / "notes.db"
    path.write_bytes(migrated_file.read_bytes())
    return choose(database_url=None, driver="sqlite", path=path, data_dir=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


def other(folder: Path) -> Target:
    return choose(database_url=None, driver="sqlite", path=folder / "other" / "notes.db", data_dir=None)


def put(file: Path, text: str) -> None:
    file.write_text(text)


def content(file: Path) -> str:
    return file.read_text()


async def filled(target: Target) -> dict[str, Any]:
    database = await Database.open(target)
    await fill(database)
    found = await contents(database)
    await database.close()
    return found


async def held(target: Target) -> dict[str, Any]:
    database = await Database.open(target)
    found = await contents(database)
    await database.close()
    return found


async def test_a_backup_brings_everything_back_and_leaves_nothing_beside_it(
    source: Target, file: Path, tmp_path: Path
) -> None:
    before = await filled(source)
    await backup(source, file, silent)
    assert sorted(files(tmp_path)) == ["backup.db", "notes.db"]
    made = await restore(file, other(tmp_path), silent)
    assert made == verify(file)
    assert await held(other(tmp_path)) == before


async def test_a_backup_sees_one_moment(shared_ready_target: Target, file: Path, tmp_path: Path) -> None:
    before = await filled(shared_ready_target)
    database = await Database.open(shared_ready_target)
    written: list[asyncio.Task[None]] = []

    def write(table: str, done: int, total: int) -> None:
        if not written:  # the first table is being read
            work = NoteLog(database).append([(NoteKey("w", "n"), b"later")])
            written.append(asyncio.get_running_loop().create_task(work))

    await backup(shared_ready_target, file, write)
    await written[0]
    await database.close()
    await restore(file, other(tmp_path), silent)
    assert await held(other(tmp_path)) == before
    assert await held(shared_ready_target) != before


async def test_a_file_that_is_there_is_replaced_only_when_told_so(source: Target, file: Path) -> None:
    put(file, "precious")
    with pytest.raises(Conflict, match="is there already: name another file, or say --force"):
        await backup(source, file, silent)
    assert content(file) == "precious"
    await backup(source, file, silent, replace=True)
    assert verify(file)


async def test_a_store_that_is_not_empty_is_replaced_only_when_told_so(
    source: Target, file: Path, tmp_path: Path
) -> None:
    await backup(source, file, silent)
    empty = await held(source)
    await filled(source)
    with pytest.raises(Conflict, match=r"is not empty .* say --force"):
        await restore(file, source, silent)
    await restore(file, source, silent, replace=True)
    assert await held(source) == empty


async def test_what_a_server_makes_at_its_first_start_counts_as_nothing(
    source: Target, file: Path, tmp_path: Path
) -> None:
    before = await filled(source)
    await backup(source, file, silent)
    database = await Database.open(other(tmp_path))
    await upgrade(database)
    await Workspaces(database).ensure("default", NOW)
    await database.close()
    await restore(file, other(tmp_path), silent)
    assert await held(other(tmp_path)) == before


async def test_a_restore_that_fails_midway_leaves_what_was_there(
    source: Target, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backup(source, file, silent)
    before = await filled(source)

    def fail(table: str, done: int, total: int) -> None:
        if table == "notes":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await restore(file, source, fail, replace=True)
    assert await held(source) == before


async def test_a_file_that_a_server_has_open_is_not_restored_into(source: Target, file: Path) -> None:
    await backup(source, file, silent)
    database = await Database.open(source)
    with pytest.raises(Conflict, match="is in use: stop the server"):
        await restore(file, source, silent, replace=True)
    await database.close()
    await restore(file, source, silent, replace=True)


async def test_an_older_backup_is_brought_to_this_schema(source: Target, file: Path, tmp_path: Path) -> None:
    """A backup whose schema is older: what the revisions after the first have added is not in it."""
    before = await filled(source)
    await backup(source, file, silent)
    database = await Database.open(Target(Driver.SQLITE, "file", path=file))
    await downgrade(database, "0003")
    await database.close()
    with closing(sqlite3.connect(file)) as link:
        link.execute("DROP TABLE backup")
        link.commit()
    seal(file)
    await restore(file, other(tmp_path), silent)
    after = await held(other(tmp_path))
    assert {name: rows for name, rows in after.items() if name != "schema_history"} == {
        name: rows for name, rows in before.items() if name != "schema_history"
    }


@pytest.mark.parametrize("revision", ["base", "0002"])
async def test_a_store_with_an_older_schema_is_to_be_migrated_first(source: Target, file: Path, revision: str) -> None:
    database = await Database.open(source)
    await downgrade(database, revision)
    await database.close()
    with pytest.raises(SchemaMismatch, match="bring it up to date first, with `routa-notes migrate`"):
        await backup(source, file, silent)
    assert files(file.parent) == ["notes.db"]


async def newer(target: Target) -> None:
    path = target.path
    assert path is not None
    with closing(sqlite3.connect(path)) as link:
        link.execute("UPDATE alembic_version SET version_num = '9999'")
        link.commit()


async def test_a_store_with_a_newer_schema_is_left_alone(source: Target, file: Path, tmp_path: Path) -> None:
    await backup(source, file, silent)
    await newer(source)
    with pytest.raises(SchemaMismatch, match="has the schema 9999"):
        await backup(source, file, silent, replace=True)
    with pytest.raises(SchemaMismatch, match="has the schema 9999"):
        await restore(file, source, silent, replace=True)


async def test_memory_holds_nothing_to_back_up(file: Path) -> None:
    memory = Target(Driver.MEMORY, "memory")
    with pytest.raises(Misconfigured, match="No store is named"):
        await backup(memory, file, silent)
    with pytest.raises(Misconfigured, match="No store is named"):
        await restore(file, memory, silent)


async def test_places_that_cannot_be_are_named(source: Target, file: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"There is no SQLite file .*other"):
        await backup(other(tmp_path), file, silent)
    with pytest.raises(Unavailable, match="There is no folder"):
        await backup(source, tmp_path / "nowhere" / "backup.db", silent)
    with pytest.raises(NotABackup, match="There is no file"):
        await restore(file, source, silent)
    with pytest.raises(Unavailable, match="cannot be written"):
        await backup(source, Path("/proc/backup.db"), silent)
    assert not (tmp_path / "other").exists()


async def test_a_backup_that_cannot_be_read_is_one_sentence(
    source: Target, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backup(source, file, silent)

    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "copyfile", deny)
    with pytest.raises(Unavailable, match=r"cannot be read .Permission denied"):
        await restore(file, source, silent)


async def test_postgres_is_backed_up_and_restored_as_well(
    migrated_url: str, source: Target, file: Path, tmp_path: Path
) -> None:
    server = choose(database_url=migrated_url, driver=None, path=None, data_dir=None)
    before = await filled(server)
    await backup(server, file, silent)
    await restore(file, source, silent)
    assert await held(source) == before
    with pytest.raises(Conflict, match="is not empty"):
        await restore(file, server, silent)
    await restore(file, server, silent, replace=True)
    assert await held(server) == before
