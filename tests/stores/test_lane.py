import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from stores.engine import Database
from stores.errors import Conflict, StoreError, Unavailable
from stores.tables import schema_history
from stores.target import Driver, Target

COUNT = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 200000) SELECT max(x) FROM c"
SLOW = {Driver.POSTGRES: "SELECT pg_sleep(30)", Driver.SQLITE: COUNT, Driver.MEMORY: COUNT}
PUT = text("INSERT INTO schema_history VALUES (:name, 'x', '2026-01-01')")
NAMES = text("SELECT revision FROM schema_history ORDER BY revision")


async def put(database: Database, name: str) -> None:
    async with database.write() as connection:
        await connection.execute(PUT, {"name": name})


async def fail(database: Database, *names: str, then: Callable[[], Awaitable[object]] | None = None) -> None:
    """Put names in one transaction, do something else in it, and raise LookupError."""
    async with database.write() as connection:
        for name in names:
            await connection.execute(PUT, {"name": name})
        if then is not None:
            await then()
        raise LookupError


async def names(database: Database) -> list[str]:
    """Give what was put, besides the rows of the migrations themselves."""
    async with database.read() as connection:
        return [name for name in await connection.scalars(NAMES) if not re.fullmatch(r"\d{4}", name)]


@pytest.fixture
async def server(migrated_url: str) -> AsyncIterator[Database]:
    database = await Database.open(Target(Driver.POSTGRES, "Postgres", dsn=migrated_url))
    yield database
    await database.close()


@pytest.fixture
async def admin(server: Database) -> AsyncIterator[Any]:
    """A connection of somebody else to the same database."""
    link = await asyncpg.connect(server.target.dsn)
    yield link
    await link.close()


async def kill_all(admin: Any) -> None:
    """End every other connection to the database, as a restart of Postgres would."""
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


async def fill_pool(database: Database) -> None:
    """Have as many connections as there may be."""
    size = database.target.pool_size
    gate = asyncio.Barrier(size)

    async def hold() -> None:
        async with database.read():
            await gate.wait()

    await asyncio.gather(*(hold() for _ in range(size)))


async def test_what_is_written_is_there_at_the_end_of_the_block(database: Database) -> None:
    await put(database, "a")
    assert await names(database) == ["a"]


async def test_nothing_is_kept_of_a_block_that_raises(database: Database) -> None:
    with pytest.raises(LookupError):
        await fail(database, "a")
    assert await names(database) == []
    await put(database, "b")
    assert await names(database) == ["b"]


async def test_nothing_is_kept_when_a_later_statement_fails(database: Database) -> None:
    with pytest.raises(Conflict):
        await fail(database, "a", "b", "a")
    assert await names(database) == []


async def test_a_swallowed_error_is_no_success_on_postgres(server: Database) -> None:
    async def swallow() -> None:
        async with server.write() as connection:
            await connection.execute(PUT, {"name": "a"})
            with pytest.raises(IntegrityError):
                await connection.execute(PUT, {"name": "a"})

    with pytest.raises(Conflict, match="nothing of it was kept"):
        await swallow()
    assert await names(server) == []


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancelled_write_keeps_nothing_and_hurts_nobody_else(database: Database, turns: int) -> None:
    await put(database, "before")
    begun = asyncio.Event()

    async def write() -> None:
        async with database.write() as connection:
            await connection.execute(PUT, {"name": "cancelled"})
            begun.set()
            await connection.execute(text(SLOW[database.target.driver]))
            raise AssertionError("it was not cancelled")

    task = asyncio.create_task(write())
    await begun.wait()
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await put(database, "next")
    assert await names(database) == ["before", "next"]


@pytest.mark.parametrize("turns", range(8))
async def test_cancelled_at_any_turn_a_transaction_is_whole_or_not_there(database: Database, turns: int) -> None:
    async def write() -> None:
        async with database.write() as connection:
            await connection.execute(PUT, {"name": "a"})
            await connection.execute(PUT, {"name": "b"})

    task = asyncio.create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await put(database, "c")
    assert await names(database) in (["c"], ["a", "b", "c"])


async def test_a_dead_connection_in_the_pool_does_not_fail_the_next_call(server: Database, admin: Any) -> None:
    await names(server)
    for name in "abc":
        await kill_all(admin)
        await put(server, name)
    assert await names(server) == ["a", "b", "c"]


async def test_a_whole_pool_of_dead_connections_does_not_either(server: Database, admin: Any) -> None:
    size = server.target.pool_size
    await fill_pool(server)
    assert await admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == size + 1
    await kill_all(admin)
    await put(server, "first")
    await asyncio.gather(*(put(server, f"{number:02}") for number in range(size)))
    assert len(await names(server)) == size + 1


async def test_a_connection_lost_in_a_transaction_is_unavailable_and_the_next_call_works(
    server: Database, admin: Any
) -> None:
    async def lose() -> None:
        async with server.write() as connection:
            await connection.execute(PUT, {"name": "lost"})
            await kill_all(admin)
            await connection.execute(PUT, {"name": "too late"})

    with pytest.raises(Unavailable, match="look whether it runs"):
        await lose()
    await put(server, "next")
    assert await names(server) == ["next"]


async def test_a_connection_lost_before_the_rollback_is_thrown_away(server: Database, admin: Any) -> None:
    with pytest.raises(LookupError):
        await fail(server, "lost", then=lambda: kill_all(admin))
    await put(server, "next")
    assert await names(server) == ["next"]


async def test_cancelled_again_while_it_rolls_back(server: Database) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with server.write() as connection:
            await connection.execute(PUT, {"name": "lost"})
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)  # it is rolling back now
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await put(server, "next")
    assert await names(server) == ["next"]


async def test_writers_take_turns_in_the_order_in_which_they_asked(tmp_path: Path) -> None:
    database = await Database.open(Target(Driver.SQLITE, "file", path=tmp_path / "notes.db"))
    order: list[int] = []

    async def write(number: int) -> None:
        async with database.write():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(write, range(20)))
    assert order == list(range(20))
    await database.close()


async def test_a_read_sees_one_moment(shared_database: Database) -> None:
    await put(shared_database, "a")
    async with shared_database.read() as connection:
        assert "a" in (await connection.scalars(NAMES)).all()
        await put(shared_database, "b")
        assert "b" not in (await connection.scalars(NAMES)).all()
    assert await names(shared_database) == ["a", "b"]


async def test_in_memory_a_write_waits_for_the_read_before_it() -> None:
    database = await Database.open(Target(Driver.MEMORY, "memory"))
    async with database.read():
        write = asyncio.create_task(put(database, "a"))
        done, _ = await asyncio.wait([write], timeout=0.01)
        assert not done
    with pytest.raises(StoreError, match="no such table"):  # it had its turn
        await write
    await database.close()


async def test_a_transaction_that_takes_too_long_is_given_up_and_older_connections_with_it(
    migrated_url: str,
) -> None:
    database = await Database.open(Target(Driver.POSTGRES, "Postgres", dsn=migrated_url, timeout=0.2, pool_size=2))

    async def pid() -> object:
        async with database.read() as connection:
            return await connection.scalar(text("SELECT pg_backend_pid()"))

    async def hang() -> None:
        async with database.write() as connection:
            await connection.execute(PUT, {"name": "late"})
            await connection.execute(text("SELECT pg_sleep(30)"))

    first = await pid()
    assert await pid() == first
    with pytest.raises(Unavailable, match="it did not answer in time"):
        await hang()
    assert await pid() != first
    assert await names(database) == []
    await database.close()


async def test_a_transaction_without_a_limit_takes_its_time(migrated_url: str) -> None:
    database = await Database.open(Target(Driver.POSTGRES, "Postgres", dsn=migrated_url, timeout=0.2))
    async with database.read(unlimited=True) as connection:
        await connection.execute(text("SELECT pg_sleep(0.5)"))
    async with database.write(unlimited=True) as connection:
        await connection.execute(text("SELECT pg_sleep(0.5)"))
    await database.close()


async def insert(database: Database, *keys: str) -> None:
    on_postgres = database.target.driver is Driver.POSTGRES
    now = datetime(2026, 1, 1, tzinfo=UTC) if on_postgres else "2026-01-01"
    await database.insert(schema_history, ("revision", "release", "applied_at"), [(key, "x", now) for key in keys])


async def test_one_statement_commits_by_itself(database: Database) -> None:
    await insert(database, "a", "b")
    assert await names(database) == ["a", "b"]


async def test_one_statement_is_whole_or_not_there(database: Database) -> None:
    with pytest.raises(Conflict):
        await insert(database, "a", "b", "a")
    assert await names(database) == []
    await insert(database, "c")
    assert await names(database) == ["c"]


@pytest.mark.parametrize("turns", range(8))
async def test_one_statement_that_is_cancelled_hurts_nobody_else(database: Database, turns: int) -> None:
    task = asyncio.create_task(insert(database, "a"))
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await put(database, "b")
    await insert(database, "c")
    assert await names(database) in (["b", "c"], ["a", "b", "c"])


async def test_one_statement_goes_past_dead_connections(server: Database, admin: Any) -> None:
    await fill_pool(server)
    await kill_all(admin)
    await insert(server, "a")
    assert await names(server) == ["a"]


async def test_one_statement_that_is_not_answered_is_given_up_and_older_connections_with_it(
    migrated_url: str, admin: Any
) -> None:
    database = await Database.open(Target(Driver.POSTGRES, "Postgres", dsn=migrated_url, timeout=0.2, pool_size=2))
    await fill_pool(database)
    async with admin.transaction():
        await admin.execute("LOCK TABLE schema_history")
        with pytest.raises(Unavailable, match="it did not answer in time"):
            await insert(database, "late")
    await insert(database, "a")
    assert await names(database) == ["a"]
    await database.close()


async def test_behind_a_pooler_rows_go_in_with_a_transaction(migrated_url: str) -> None:
    target = Target(Driver.POSTGRES, "Postgres", dsn=migrated_url, pooler=True)
    database = await Database.open(target)
    await insert(database, "a", "b")
    assert await names(database) == ["a", "b"]
    await database.close()


async def test_a_transaction_that_begins_on_no_connection_is_given_up(migrated_url: str) -> None:
    database = await Database.open(Target(Driver.POSTGRES, "Postgres", dsn=migrated_url, pool_size=1))
    database._writer._begin_statement = "BEGIN NOTHING"
    with pytest.raises(StoreError, match="syntax error"):
        await put(database, "a")
    assert await names(database) == []
    await database.close()
