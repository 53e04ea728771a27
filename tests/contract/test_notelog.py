"""What a note log promises, on every store."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select

from stores.engine import Database
from stores.errors import NotFound
from stores.notelog import Compacted, LogRow, NoteKey, NoteLog, Snapshot, StoredNote
from stores.tables import note_updates, notes, workspaces
from stores.target import choose

KEY = NoteKey("space", "note")
OTHER = NoteKey("space", "other")
WHOLE = Compacted(b"state", None, "the text")


@pytest.fixture
def log(database: Database) -> NoteLog:
    return NoteLog(database)


async def appended(log: NoteLog, *updates: bytes, key: NoteKey = KEY) -> StoredNote:
    await log.open_note(key)
    await log.append([(key, update) for update in updates])
    return await log.read(key)


def contents(rows: Sequence[LogRow]) -> list[bytes]:
    return [row.update for row in rows]


async def note_row(database: Database, key: NoteKey = KEY) -> Any:
    async with database.read() as connection:
        which = (notes.c.workspace_id == key.workspace, notes.c.id == key.note)
        return (await connection.execute(select(notes).where(*which))).one()


async def test_a_note_that_is_not_there_is_made_with_its_workspace(database: Database, log: NoteLog) -> None:
    before = datetime.now(UTC)
    assert await log.open_note(KEY) == StoredNote(None, ())
    note = await note_row(database)
    assert (note.title, note.content, note.type) == ("note", "", "general")
    assert before <= note.created_at == note.updated_at <= datetime.now(UTC)
    async with database.read() as connection:
        workspace = (await connection.execute(select(workspaces))).one()
    assert (workspace.id, workspace.title, workspace.status) == ("space", "space", "active")


async def test_opening_it_again_changes_nothing(database: Database, log: NoteLog) -> None:
    stored = await appended(log, b"1")
    note = await note_row(database)
    assert await log.open_note(KEY) == stored
    assert await note_row(database) == note


async def test_many_open_the_same_new_note_at_once(database: Database, log: NoteLog) -> None:
    keys = [KEY, OTHER] * 10
    assert set(await asyncio.gather(*map(log.open_note, keys))) == {StoredNote(None, ())}
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(notes)) == 2


async def test_two_servers_open_the_same_new_note_at_once(shared_database: Database) -> None:
    other = await Database.open(shared_database.target)
    logs = [NoteLog(shared_database), NoteLog(other)] * 5
    assert set(await asyncio.gather(*(log.open_note(KEY) for log in logs))) == {StoredNote(None, ())}
    await other.close()


async def test_a_note_that_is_not_there_is_not_found_and_not_made(database: Database, log: NoteLog) -> None:
    with pytest.raises(NotFound, match='no note "note" in the workspace "space"'):
        await log.read(KEY)
    async with database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(notes)) == 0


async def test_updates_come_back_in_their_order_and_as_they_were(log: NoteLog) -> None:
    await log.open_note(OTHER)
    updates = [bytes([number]) * number for number in range(50)]
    stored = await appended(log, *updates[:20])
    await log.append([(OTHER, b"another note's"), *((KEY, update) for update in updates[20:])])
    stored = await log.read(KEY)
    assert contents(stored.rows) == updates
    assert [row.id for row in stored.rows] == sorted({row.id for row in stored.rows})
    assert contents((await log.read(OTHER)).rows) == [b"another note's"]


async def test_the_same_id_in_two_workspaces_is_two_notes(log: NoteLog) -> None:
    await appended(log, b"here")
    await appended(log, b"there", key=NoteKey("elsewhere", "note"))
    assert contents((await log.read(KEY)).rows) == [b"here"]


@pytest.mark.parametrize("name", ["a/b", "a b", "ü😀", "'; DROP TABLE notes; --", "%s", "x" * 200])
async def test_any_id_will_do(log: NoteLog, name: str) -> None:
    assert contents((await appended(log, b"1", key=NoteKey(name, name))).rows) == [b"1"]


async def test_an_empty_batch_does_nothing(log: NoteLog) -> None:
    await log.append([])


async def test_a_large_update(log: NoteLog) -> None:
    update = bytes(range(256)) * 16384
    assert contents((await appended(log, update)).rows) == [update]


async def test_a_batch_with_a_missing_note_keeps_nothing(log: NoteLog) -> None:
    await log.open_note(KEY)
    with pytest.raises(NotFound):
        await log.append([(KEY, b"1"), (NoteKey("space", "gone"), b"2"), (KEY, b"3")])
    assert (await log.read(KEY)).rows == ()
    await log.append([(KEY, b"4")])
    assert contents((await log.read(KEY)).rows) == [b"4"]


async def test_appends_at_once_all_arrive(log: NoteLog) -> None:
    await log.open_note(KEY)
    updates = [bytes([number]) for number in range(30)]
    await asyncio.gather(*(log.append([(KEY, update)]) for update in updates))
    assert sorted(contents((await log.read(KEY)).rows)) == updates


async def test_what_was_appended_is_there_for_the_next_server(shared_database: Database) -> None:
    await appended(NoteLog(shared_database), b"1", b"2")
    other = await Database.open(shared_database.target)
    assert contents((await NoteLog(other).read(KEY)).rows) == [b"1", b"2"]
    await other.close()


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


async def test_a_note_deleted_while_it_is_opened_is_not_found(
    database: Database, log: NoteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = log._create

    async def create_and_lose(key: NoteKey) -> None:
        await create(key)
        async with database.write() as connection:
            await connection.execute(delete(notes))

    monkeypatch.setattr(log, "_create", create_and_lose)
    with pytest.raises(NotFound):
        await log.open_note(KEY)


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
