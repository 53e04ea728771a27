"""What a note log promises on every store is in tests/contract; here is what happens inside."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy import event, text

from stores.engine import Database
from stores.errors import NotFound
from stores.insertion import MOST
from stores.lane import _link
from stores.notelog import Compacted, NoteKey, NoteLog, _chunks
from stores.target import Driver

KEY = NoteKey("w", "n")


@pytest.fixture
def statements(database: Database) -> Iterator[list[tuple[str, bool]]]:
    """The statements that go to the database, and whether each was given many rows at once."""
    seen: list[tuple[str, bool]] = []
    engines = {lane.engine.sync_engine for lane in (database._reader, database._writer)}

    def note(_c: object, _cursor: object, statement: str, _p: object, _x: object, many: bool) -> None:
        seen.append((statement.split(maxsplit=1)[0], many))

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


async def trace(database: Database) -> list[str]:
    """Give a list that fills with the first words of what the writing connection sends, SQLAlchemy or not."""
    seen: list[str] = []
    async with database._writer.engine.connect() as connection:
        link = cast(Any, await _link(connection))
        if database.target.driver is Driver.POSTGRES:
            link.add_query_logger(lambda record: seen.append(record.query.split()[0]))
        else:
            await link.set_trace_callback(lambda sql: seen.append(sql.split()[0]))
    return seen


async def test_a_batch_is_one_statement_that_commits_by_itself(database: Database) -> None:
    log = NoteLog(database)
    await log.open_note(KEY)
    await log.append([(KEY, b"first")])  # on Postgres the driver asks about types, once on each connection
    seen = await trace(database)
    await log.append([(KEY, b"%d" % number) for number in range(100)])
    assert seen == ["INSERT"]
    assert [row.update for row in (await log.read(KEY)).rows[1:]] == [b"%d" % number for number in range(100)]


async def test_a_batch_that_is_too_large_for_one_statement_is_one_transaction(database: Database) -> None:
    log = NoteLog(database)
    await log.open_note(KEY)
    await log.append([(KEY, b"x")] * MOST)
    await log.append([(KEY, b"x")] * (MOST + 1))
    with pytest.raises(NotFound):
        await log.append([*[(KEY, b"x")] * MOST, (NoteKey("w", "gone"), b"x")])
    assert len((await log.read(KEY)).rows) == 2 * MOST + 1


async def test_a_note_that_is_there_is_opened_without_writing(
    database: Database, statements: list[tuple[str, bool]]
) -> None:
    log = NoteLog(database)
    await log.open_note(KEY)
    statements.clear()
    await log.open_note(KEY)
    assert {name for name, _ in statements} <= {"SELECT"}  # a SQLite file is read past these engines


async def test_many_rows_are_deleted_in_a_few_statements(
    database: Database, statements: list[tuple[str, bool]]
) -> None:
    log = NoteLog(database)
    await log.open_note(KEY)
    await log.append([(KEY, b"x")] * 1500)
    stored = await log.read(KEY)
    statements.clear()
    assert await log.compact(KEY, stored, Compacted(b"", None, ""))
    assert [name for name, _ in statements] == ["INSERT", "DELETE", "DELETE", "DELETE", "UPDATE"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 511, 512, 513, 1025])
def test_the_lists_of_a_delete_have_few_sizes_and_name_every_row(count: int) -> None:
    ids = list(range(count))
    chunks = list(_chunks(ids))
    assert sorted({number for chunk in chunks for number in chunk}) == ids
    assert {len(chunk) for chunk in chunks} <= {2**power for power in range(10)}


async def test_the_log_of_a_note_is_found_by_its_index(shared_database: Database) -> None:
    log = NoteLog(shared_database)
    await log.open_note(KEY)
    query = "SELECT id, payload FROM note_updates WHERE workspace_id = 'w' AND note_id = 'n' ORDER BY id"
    postgres = shared_database.target.path is None
    async with shared_database.write() as connection:
        if postgres:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await connection.execute(text(("EXPLAIN " if postgres else "EXPLAIN QUERY PLAN ") + query))
        told = " ".join(str(row) for row in plan)
    assert "ix_note_updates_workspace_id_note_id_id" in told
    assert "Sort" not in told
    assert "TEMP B-TREE" not in told


async def test_who_makes_a_note_is_told_and_nobody_else(database: Database) -> None:
    log, key = NoteLog(database), NoteKey("w", "n")
    made: list[NoteKey] = []
    log.created = made.append
    await log.open_note(key)
    await log.create(key)
    await log.open_note(key)
    assert made == [key]
