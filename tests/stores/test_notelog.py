"""What a note log promises on every store is in tests/contract; here is what happens inside."""

from collections.abc import Iterator

import pytest
from sqlalchemy import event, text

from stores.engine import Database
from stores.notelog import Compacted, NoteKey, NoteLog, _chunks

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


async def test_a_batch_is_one_statement(database: Database, statements: list[tuple[str, bool]]) -> None:
    log = NoteLog(database)
    await log.open_note(KEY)
    statements.clear()
    await log.append([(KEY, b"x")] * 100)
    assert statements == [("INSERT", True)]


async def test_a_note_that_is_there_is_opened_without_writing(
    database: Database, statements: list[tuple[str, bool]]
) -> None:
    log = NoteLog(database)
    await log.open_note(KEY)
    statements.clear()
    await log.open_note(KEY)
    assert statements == [("SELECT", False), ("SELECT", False)]


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
