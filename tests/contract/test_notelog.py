"""What a note log promises, on every store: notes are opened, read and added to."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, func, select

from stores.engine import Database
from stores.errors import NotFound
from stores.notelog import NoteKey, NoteLog, StoredNote
from stores.tables import notes, workspaces
from tests.contract.notes import KEY, OTHER, appended, contents, note_row


@pytest.fixture
def log(database: Database) -> NoteLog:
    return NoteLog(database)


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
        everything = await connection.scalars(select(notes.c.id).order_by(notes.c.id))
        assert everything.all() == ["note", "other", "spec"]


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


async def test_a_note_deleted_while_it_is_opened_is_not_found(
    database: Database, log: NoteLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = log.create

    async def create_and_lose(key: NoteKey) -> None:
        await create(key)
        async with database.write() as connection:
            await connection.execute(delete(notes))

    monkeypatch.setattr(log, "create", create_and_lose)
    with pytest.raises(NotFound):
        await log.open_note(KEY)
