import asyncio
import contextlib
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, bindparam, insert, literal_column, select, text

from stores.engine import Database
from stores.errors import StoreError, Unavailable
from stores.notelog import Compacted, NoteKey, NoteLog
from stores.tables import workspaces
from stores.target import Driver, Target, choose

KEY = NoteKey("w", "n")
PREPARED = text("SELECT count(*) FROM pg_prepared_statements")
HOLDER = """
import sqlite3, sys
link = sqlite3.connect(sys.argv[1])
link.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


def file_target(path: Path, synchronous: str = "NORMAL", busy_timeout: float = 5) -> Target:
    return choose(
        database_url=None,
        driver="sqlite",
        path=path,
        data_dir=None,
        synchronous=synchronous,
        busy_timeout=busy_timeout,
    )


def server_target(url: str, *, pooler: bool) -> Target:
    return choose(database_url=url, driver=None, path=None, data_dir=None, pooler=pooler)


@contextlib.asynccontextmanager
async def opened(target: Target) -> AsyncIterator[Database]:
    database = await Database.open(target)
    yield database
    await database.close()


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def pragmas(database: Database, *, write: bool) -> dict[str, object]:
    names = ("journal_mode", "synchronous", "temp_store", "foreign_keys", "busy_timeout")
    async with database.write() if write else database.read() as connection:
        return {name: await connection.scalar(text(f"PRAGMA {name}")) for name in names}


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize(("synchronous", "number"), [("NORMAL", 1), ("FULL", 2)])
async def test_a_file_runs_with_its_pragmas(tmp_path: Path, write: bool, synchronous: str, number: int) -> None:
    async with opened(file_target(tmp_path / "notes.db", synchronous)) as database:
        assert await pragmas(database, write=write) == {
            "journal_mode": "wal",
            "synchronous": number,
            "temp_store": 2,
            "foreign_keys": 1,
            "busy_timeout": 5000,
        }


async def test_memory_keeps_foreign_keys_too() -> None:
    async with opened(Target(Driver.MEMORY, "memory")) as database:
        found = await pragmas(database, write=True)
        assert (found["foreign_keys"], found["temp_store"]) == (1, 2)


async def test_every_memory_is_one_of_its_own() -> None:
    async with opened(Target(Driver.MEMORY, "memory")) as one, opened(Target(Driver.MEMORY, "memory")) as other:
        async with one.write() as connection:
            await connection.execute(text("CREATE TABLE t (a)"))
        async with other.write() as connection:
            await connection.execute(text("CREATE TABLE t (a)"))


async def test_the_folder_of_a_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b c?" / "notes.db"
    async with opened(file_target(path)):
        assert path.is_file()


async def test_a_file_is_whole_after_close(tmp_path: Path) -> None:
    async with opened(file_target(tmp_path / "notes.db")) as database, database.write() as connection:
        await connection.execute(text("CREATE TABLE t (a)"))
    assert files(tmp_path) == ["notes.db"]


@pytest.mark.parametrize("name", ["plain/notes.db", "plain/deeper/notes.db"])
async def test_a_folder_that_cannot_be_made(tmp_path: Path, name: str) -> None:
    (tmp_path / "plain").write_text("a file where a folder should be")
    with pytest.raises(Unavailable, match=r"plain.* cannot be made .*; name another one for the notes"):
        await Database.open(file_target(tmp_path / name))


async def test_a_folder_that_takes_no_files() -> None:
    with pytest.raises(Unavailable, match=r"unable to open database file.*; let the server's user write"):
        await Database.open(file_target(Path("/proc/self/notes.db")))


async def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is a folder: name a file in it"):
        await Database.open(file_target(tmp_path))


async def test_a_closed_store_says_so(database: Database) -> None:
    await database.close()
    for transaction in (database.read(), database.write()):
        with pytest.raises(Unavailable, match="is closed"):
            async with transaction:
                pass
    await database.close()


async def test_locked_by_another_process_beyond_the_timeout(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    async with opened(file_target(path, busy_timeout=0.05)) as database:
        pipe = subprocess.PIPE
        holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(path), stdin=pipe, stdout=pipe)
        assert holder.stdout is not None
        assert await holder.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable, match="database is locked"):
            async with database.write():
                pass
        async with database.read():  # which the other one does not hinder
            pass
        await holder.communicate(b"\n")
        async with database.write():
            pass


@pytest.mark.parametrize("seconds", [0, 0.05])
async def test_a_new_file_locked_by_another_process_beyond_the_timeout(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "notes.db"
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable, match="database is locked"):
        await Database.open(file_target(path, busy_timeout=seconds))
    other.close()
    async with opened(file_target(path, busy_timeout=seconds)):
        pass


async def test_a_lock_within_the_timeout_only_delays(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    async with opened(file_target(path)) as database:
        other = sqlite3.connect(path, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")

        async def write() -> None:
            async with database.write() as connection:
                await connection.execute(text("CREATE TABLE t (a)"))

        async def let_go() -> None:
            await asyncio.to_thread(other.rollback)

        await asyncio.gather(write(), let_go())
        other.close()


async def test_reads_go_on_while_a_write_is_open_on_a_file(tmp_path: Path) -> None:
    async with opened(file_target(tmp_path / "notes.db")) as database:
        async with database.write() as connection:
            await connection.execute(text("CREATE TABLE t (a)"))
        async with database.write() as writing:
            await writing.execute(text("INSERT INTO t VALUES (1)"))
            async with asyncio.timeout(4), database.read() as reading:
                assert await reading.scalar(text("SELECT count(*) FROM t")) == 0
        async with database.read() as reading:
            assert await reading.scalar(text("SELECT count(*) FROM t")) == 1


async def test_many_reads_at_once(database: Database) -> None:
    async def read(number: int) -> int:
        async with database.read() as connection:
            return int((await connection.execute(text(f"SELECT {number}"))).scalar_one())

    assert await asyncio.gather(*map(read, range(50))) == list(range(50))


async def test_an_insert_that_yields_to_what_is_there(database: Database) -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    for title, count in (("first", 1), ("second", 0)):
        async with database.write() as connection:
            row = {"id": "w", "title": title, "created_at": now, "updated_at": now}
            result = await connection.execute(database.insert_absent(workspaces).values(row))
            assert result.rowcount == count
            assert await connection.scalar(text("SELECT title FROM workspaces")) == "first"


async def test_postgres_prepares_its_statements(migrated_url: str) -> None:
    async with opened(server_target(migrated_url, pooler=False)) as database, database.read() as connection:
        await connection.execute(text("SELECT 1"))
        assert (await connection.scalar(PREPARED) or 0) >= 2


async def test_behind_a_pooler_no_statement_outlives_its_transaction(postgres_url: str) -> None:
    from stores.schema import drift, upgrade

    async with opened(server_target(postgres_url, pooler=True)) as database:
        await upgrade(database)
        assert await drift(database) == []
        log = NoteLog(database)
        stored = await log.open_note(KEY)
        await log.append([(KEY, b"1"), (KEY, b"2")])
        await log.append([(KEY, b"3")])
        assert await log.compact(KEY, await log.read(KEY), Compacted(b"123", None, "text"))
        assert stored.snapshot is None
        async with database.read() as connection:
            assert await connection.scalar(PREPARED) == 0
            assert await connection.scalar(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")) == 0


async def test_json_through_a_pooler(migrated_url: str) -> None:
    async with opened(server_target(migrated_url, pooler=True)) as database, database.read() as connection:
        result = await connection.execute(text("""SELECT '{"a": [1]}'::jsonb"""))
        assert result.scalar_one() == {"a": [1]}


async def test_certificates_of_this_machine_are_asked_for(unused_tcp_port: int) -> None:
    url = f"postgres://127.0.0.1:{unused_tcp_port}/n?sslrootcert=system"
    with pytest.raises(Unavailable, match="look whether it runs"):
        await Database.open(choose(database_url=url, driver=None, path=None, data_dir=None))


async def test_rows_of_one_statement_are_read(database: Database) -> None:
    moment = datetime(2026, 3, 29, 12, tzinfo=UTC)
    async with database.write() as connection:
        for name in "ab":
            row = {"id": name, "title": name, "metadata": {"of": name}, "created_at": moment, "updated_at": moment}
            await connection.execute(insert(workspaces).values(row))
    columns = (workspaces.c.id, workspaces.c.metadata, workspaces.c.created_at, workspaces.c.branch)
    statement = select(*columns).where(workspaces.c.id >= bindparam("first")).order_by(workspaces.c.id)
    rows = await database.read_rows(statement, {"first": "a"})
    assert [tuple(row) for row in rows] == [(name, {"of": name}, moment, None) for name in "ab"]
    assert list(await database.read_rows(statement, {"first": "c"})) == []


async def test_what_fails_while_rows_are_read_is_a_store_error(database: Database) -> None:
    nonsense: Select[Any] = select(literal_column("nothing"))
    with pytest.raises(StoreError, match="refused a statement"):
        await database.read_rows(nonsense, {})
    await database.close()
    with pytest.raises(Unavailable, match="is closed"):
        await database.read_rows(nonsense, {})
