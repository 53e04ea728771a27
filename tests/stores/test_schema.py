"""Row 28: the schema is brought up to date, by one server at a time, all of it or nothing."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

import stores.schema
from stores.drift import drift
from stores.engine import Database
from stores.errors import Conflict, SchemaMismatch
from stores.notelog import NoteKey, NoteLog
from stores.schema import downgrade, upgrade
from stores.tables import schema_history
from stores.target import Target

PROJECT = Path(__file__).parents[2]
MIGRATOR = Path(__file__).with_name("migrator.py")


def start_migrator(target: Target, *arguments: str) -> "subprocess.Popen[str]":
    """Start a process that is about to migrate and waits for a line."""
    command = [sys.executable, str(MIGRATOR), str(target.path or target.dsn), *arguments]
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


async def history(database: Database) -> list[tuple[str, str]]:
    async with database.read() as connection:
        result = await connection.execute(select(schema_history.c.revision, schema_history.c.release))
        return [(row.revision, row.release) for row in result]


async def test_an_empty_database_gets_all_tables_and_a_second_upgrade_changes_nothing(target: Target) -> None:
    database = await Database.open(target)
    await upgrade(database)
    first = await history(database)
    await upgrade(database)
    assert await history(database) == first
    assert await drift(database) == []
    await database.close()


@pytest.mark.parametrize("name", ["routa-notes", "no such package"])
async def test_the_release_that_brought_a_revision_is_written_down(
    database: Database, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def version(asked: str) -> str:
        if asked != name:
            raise PackageNotFoundError
        return "7.8.9"

    monkeypatch.setattr(stores.schema, "version", version)
    await downgrade(database)
    await upgrade(database)
    release = "7.8.9" if name == "routa-notes" else "from source"
    assert await history(database) == [(revision, release) for revision in stores.schema._revisions()]


async def test_two_servers_that_start_at_once_both_find_all_tables(shared_target: Target) -> None:
    servers = [start_migrator(shared_target) for _ in range(2)]
    for server in servers:
        assert server.stdin is not None
        server.stdin.write("\n")
        server.stdin.flush()
    for server in servers:
        _, errors = server.communicate(timeout=60)
        assert server.returncode == 0, errors
    database = await Database.open(shared_target)
    assert await drift(database) == []
    assert [revision for revision, _ in await history(database)] == stores.schema._revisions()
    await database.close()


@pytest.mark.parametrize("statements", ["3", "20", "35", "50"])
async def test_a_migration_killed_midway_left_nothing_and_the_next_one_finishes(
    shared_target: Target, statements: str
) -> None:
    server = start_migrator(shared_target, statements)
    server.communicate("\n", timeout=60)
    assert server.returncode == -9
    database = await Database.open(shared_target)
    async with database.read() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == []
    await upgrade(database)
    assert await drift(database) == []
    await database.close()


async def test_a_server_older_than_the_schema_says_which_version_it_needs(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
        await connection.execute(text("INSERT INTO schema_history VALUES ('0099', '4.2.0', '2030-01-01')"))
    with pytest.raises(SchemaMismatch, match=r"schema 0099 of routa-notes 4.2.0; .* start routa-notes 4.2.0 or later"):
        await upgrade(database)
    async with database.read() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "0099"


async def test_a_schema_of_an_unknown_version_is_refused_too(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(SchemaMismatch, match="of routa-notes a newer version"):
        await upgrade(database)


async def test_tables_of_another_program_are_left_alone(target: Target) -> None:
    database = await Database.open(target)
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE tasks (id INTEGER)"))
    with pytest.raises(SchemaMismatch, match=r"made \(tasks\): give routa-notes a database of its own"):
        await upgrade(database)
    async with database.read() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == ["tasks"]
    await database.close()


async def test_notes_live_through_a_second_start(database: Database) -> None:
    log, key = NoteLog(database), NoteKey("w", "n")
    await log.open_note(key)
    await log.append([(key, b"typed")])
    await upgrade(database)
    assert [row.update for row in (await log.read(key)).rows] == [b"typed"]


async def test_down_to_nothing_and_up_again(database: Database) -> None:
    await downgrade(database)
    async with database.read() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == ["alembic_version"]
    await upgrade(database)
    assert await drift(database) == []


async def test_down_to_a_revision_that_is_not_there(database: Database) -> None:
    with pytest.raises(SchemaMismatch, match='no revision "0000" of the schema: name one of 0001'):
        await downgrade(database, "0000")
    assert await drift(database) == []


async def test_an_upgrade_that_fails_leaves_nothing(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    database = await Database.open(target)
    monkeypatch.setattr(stores.schema, "_release", lambda: None)  # which the table refuses, last of all
    with pytest.raises(Conflict):
        await upgrade(database)
    async with database.read() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == []
    await database.close()
