"""Row 11: what a note log promises, on every store: a snapshot takes the place of exactly what was read."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert

from stores.engine import Database
from stores.errors import NotFound
from stores.notelog import Compacted, NoteLog, Snapshot, StoredNote
from stores.tables import note_updates, notes
from stores.target import choose
from tests.contract.notes import KEY, WHOLE, appended, contents, note_row


@pytest.fixture
def log(database: Database) -> NoteLog:
    return NoteLog(database)


async def test_a_snapshot_takes_the_place_of_what_was_read(database: Database, log: NoteLog) -> None:
    stored = await appended(log, b"1", b"2")
    before = datetime.now(UTC)
    assert await log.compact(KEY, stored, Compacted(b"12", b"waiting", "one two"))
    assert await log.read(KEY) == StoredNote(Snapshot(b"12", b"waiting", 1), ())
    note = await note_row(database)
    assert note.content == "one two"
    assert before <= note.updated_at
    assert note.created_at <= before


async def test_snapshots_follow_each_other(log: NoteLog) -> None:
    for revision in range(1, 4):
        stored = await appended(log, b"next")
        assert await log.compact(KEY, stored, WHOLE)
        assert await log.read(KEY) == StoredNote(Snapshot(b"state", None, revision), ())


async def test_rows_that_came_after_the_read_stay(log: NoteLog) -> None:
    stored = await appended(log, b"1", b"2")
    await log.append([(KEY, b"3")])
    assert await log.compact(KEY, stored, WHOLE)
    assert contents((await log.read(KEY)).rows) == [b"3"]


async def test_a_lower_id_that_was_committed_after_the_read_stays(migrated_url: str) -> None:
    """On Postgres ids are given before the commit, so a slow transaction brings a low one late."""
    database = await Database.open(choose(database_url=migrated_url, driver=None, path=None, data_dir=None))
    log = NoteLog(database)
    await log.open_note(KEY)
    async with database.write() as slow:
        row = {"workspace_id": KEY.workspace, "note_id": KEY.note, "payload": b"late"}
        await slow.execute(insert(note_updates), [row])
        await log.append([(KEY, b"early")])
        stored = await log.read(KEY)
        assert contents(stored.rows) == [b"early"]
    late, early = (await log.read(KEY)).rows
    assert (late.update, early.update) == (b"late", b"early")
    assert await log.compact(KEY, stored, WHOLE)
    assert contents((await log.read(KEY)).rows) == [b"late"]
    await database.close()


async def test_who_comes_second_changes_nothing(database: Database, log: NoteLog) -> None:
    stored = await appended(log, b"1")
    assert await log.compact(KEY, stored, WHOLE)
    await log.append([(KEY, b"2")])
    after = await log.read(KEY)
    assert not await log.compact(KEY, stored, Compacted(b"stale", None, "stale"))
    assert await log.read(KEY) == after
    assert (await note_row(database)).content == "the text"


async def test_who_comes_second_after_a_snapshot_changes_nothing_either(log: NoteLog) -> None:
    assert await log.compact(KEY, await appended(log, b"1"), WHOLE)
    stored = await appended(log, b"2")
    assert await log.compact(KEY, stored, WHOLE)
    assert not await log.compact(KEY, stored, Compacted(b"stale", None, "stale"))
    assert await log.read(KEY) == StoredNote(Snapshot(b"state", None, 2), ())


async def test_of_many_compactions_at_once_one_wins(shared_database: Database) -> None:
    log = NoteLog(shared_database)
    stored = await appended(log, b"1", b"2", b"3")
    won = await asyncio.gather(*(log.compact(KEY, stored, WHOLE) for _ in range(5)))
    assert sorted(won) == [False] * 4 + [True]
    assert await log.read(KEY) == StoredNote(Snapshot(b"state", None, 1), ())


@pytest.mark.parametrize("rows", [0, 1, 2, 3, 511, 512, 513, 1100])
async def test_any_number_of_rows(log: NoteLog, rows: int) -> None:
    stored = await appended(log, *[b"x"] * rows)
    await log.append([(KEY, b"later")])
    assert await log.compact(KEY, stored, WHOLE)
    assert contents((await log.read(KEY)).rows) == [b"later"]


async def test_rows_that_are_gone_are_not_compacted(database: Database, log: NoteLog) -> None:
    stored = await appended(log, b"1", b"2")
    async with database.write() as connection:
        await connection.execute(delete(note_updates).where(note_updates.c.id == stored.rows[0].id))
    assert not await log.compact(KEY, stored, WHOLE)
    assert contents((await log.read(KEY)).rows) == [b"2"]
    assert (await log.read(KEY)).snapshot is None


async def test_a_note_that_was_made_again_is_another_one(database: Database, log: NoteLog) -> None:
    stored = await appended(log, b"old")
    async with database.write() as connection:
        await connection.execute(delete(notes))
    await appended(log, b"new")
    assert not await log.compact(KEY, stored, WHOLE)
    assert (await log.read(KEY)).snapshot is None
    assert contents((await log.read(KEY)).rows) == [b"new"]


async def test_a_deleted_note_is_not_compacted(database: Database, log: NoteLog) -> None:
    first = await appended(log, b"1")
    assert await log.compact(KEY, first, WHOLE)
    second = await appended(log, b"2")
    async with database.write() as connection:
        await connection.execute(delete(notes))
    assert not await log.compact(KEY, second, WHOLE)
    with pytest.raises(NotFound):
        await log.compact(KEY, first, WHOLE)


async def test_a_text_with_nul_and_astral_characters_can_be_kept(database: Database, log: NoteLog) -> None:
    stored = await appended(log, b"1")
    assert await log.compact(KEY, stored, Compacted(b"1", None, "a\0b 😀 é"))
    assert (await note_row(database)).content == "a\ufffdb 😀 é"


async def test_bytes_of_zero_length_are_not_null(log: NoteLog) -> None:
    stored = await appended(log, b"")
    assert contents(stored.rows) == [b""]
    assert await log.compact(KEY, stored, Compacted(b"", b"", ""))
    assert (await log.read(KEY)).snapshot == Snapshot(b"", b"", 1)


async def test_snapshot_and_rows_are_of_one_moment(shared_database: Database) -> None:
    """Whatever a reader meets between compactions, it is the whole document: numbers 1 to n, each once."""
    log = NoteLog(shared_database)
    await log.open_note(KEY)
    total = 40

    async def write() -> None:
        for number in range(1, total + 1):
            await log.append([(KEY, bytes([number]))])
            if number % 4 == 0:
                stored = await log.read(KEY)
                assert await log.compact(KEY, stored, Compacted(whole(stored), None, ""))

    def whole(stored: StoredNote) -> bytes:
        return (stored.snapshot.state if stored.snapshot else b"") + b"".join(contents(stored.rows))

    async def read(writing: "asyncio.Task[None]") -> None:
        while not writing.done():
            seen = whole(await log.read(KEY))
            assert seen == bytes(range(1, len(seen) + 1))

    writing = asyncio.create_task(write())
    await asyncio.gather(writing, read(writing), read(writing))
    assert whole(await log.read(KEY)) == bytes(range(1, total + 1))
