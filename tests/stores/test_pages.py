import pytest
from sqlalchemy import Table

from stores import pages as module
from stores.engine import Database
from stores.notelog import NoteKey, NoteLog
from stores.pages import pages
from stores.tables import note_updates, notes, workspaces


async def sizes(database: Database, table: Table) -> list[int]:
    async with database.read() as connection:
        return [len(rows) async for rows in pages(connection, table)]


async def log_of(database: Database, *lengths: int) -> None:
    key = NoteKey("w", "n")
    await NoteLog(database).create(key)
    await NoteLog(database).append([(key, b"x" * length) for length in lengths])


async def test_a_page_holds_as_many_rows_as_fit_and_one_at_least(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BYTES", 100)
    await log_of(database, 40, 40, 40, 500, 1)
    assert await sizes(database, note_updates) == [2, 1, 1, 1]


async def test_a_page_has_a_largest_number_of_rows(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 2)
    await log_of(database, 1, 1, 1)
    assert await sizes(database, note_updates) == [2, 1]


async def test_all_rows_come_once_also_where_the_key_has_two_columns(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROWS", 3)
    log = NoteLog(database)
    keys = [NoteKey(workspace, f"n{number}") for workspace in ("a", "b") for number in range(5)]
    for key in keys:
        await log.create(key)
    async with database.read() as connection:
        found = [(row["workspace_id"], row["id"]) async for rows in pages(connection, notes) for row in rows]
    assert sorted(found) == sorted([*keys, ("a", "spec"), ("b", "spec")])


async def test_an_empty_table_has_no_page(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(workspaces.delete())
    assert await sizes(database, workspaces) == []
