"""What every kind of column holds arrives as it was, in every kind of store."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select

from stores.engine import Database
from stores.notelog import Compacted, NoteKey, NoteLog
from stores.schema import upgrade
from stores.tables import agents, conversations, metadata, note_updates, tasks
from stores.target import choose
from stores.transfer import clear, transfer

KEY = NoteKey("w", "n")
NOW = datetime(2026, 3, 29, 12, 30, 0, 123456, tzinfo=UTC)


async def fill(database: Database) -> None:
    log = NoteLog(database)
    await log.create(KEY)
    await log.append([(KEY, b"\0\xff"), (KEY, b"2"), (KEY, b"3")])
    assert await log.compact(KEY, await log.read(KEY), Compacted(b"state\0", b"pending", "täxt 🦉"))
    await log.append([(KEY, b"4")])
    stamps = {"created_at": NOW, "updated_at": NOW}
    async with database.write() as connection:
        agent = {"id": "a", "workspace_id": "w", "name": "Ada", "role": "DEVELOPER", "metadata": {"k": "ü"}, **stamps}
        await connection.execute(insert(agents).values(agent))
        said = {"id": "m", "agent_id": "a", "role": "TOOL", "content": "", "timestamp": NOW, "tool_args": {"a": [1]}}
        await connection.execute(insert(conversations).values(said))
        task = {"id": "t", "workspace_id": "w", "title": "", "objective": "o", "labels": ["x", "y"], "position": 3}
        await connection.execute(insert(tasks).values(**task, **stamps))


async def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    async with database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in await connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


async def carry(source: Database, target: Database) -> list[tuple[str, int, int]]:
    told: list[tuple[str, int, int]] = []
    async with source.read() as reading, target.write() as writing:
        await clear(writing)
        await transfer((source, reading), (target, writing), lambda *step: told.append(step))
    return told


@pytest.fixture
async def elsewhere() -> Database:
    opened = await Database.open(choose(database_url=None, driver="memory", path=None, data_dir=None))
    await upgrade(opened)
    return opened


async def test_everything_arrives_there_and_back(database: Database, elsewhere: Database) -> None:
    await fill(database)
    before = await contents(database)
    told = await carry(database, elsewhere)
    assert await contents(elsewhere) == before
    assert ("note_updates", 0, 1) in told
    assert ("note_updates", 1, 1) in told
    assert {table for table, done, total in told if done == total} == set(metadata.tables)
    await carry(elsewhere, database)
    assert await contents(database) == before
    await elsewhere.close()


async def test_numbers_that_were_given_once_are_not_given_again(database: Database, elsewhere: Database) -> None:
    await fill(database)
    await carry(database, elsewhere)
    async with elsewhere.write() as connection:
        await connection.execute(note_updates.delete())
    await carry(elsewhere, database)
    for store in (elsewhere, database):
        await NoteLog(store).append([(KEY, b"5")])
        async with store.read() as connection:
            assert await connection.scalar(select(func.max(note_updates.c.id))) == 5
    await elsewhere.close()


async def test_a_store_that_is_cleared_is_empty(database: Database) -> None:
    await fill(database)
    async with database.write() as connection:
        await clear(connection)
    assert {name for name, rows in (await contents(database)).items() if rows} == set()
