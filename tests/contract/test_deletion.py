"""Row 13: what a note log promises when notes are deleted and made again, on every store."""

import asyncio

import pytest
from sqlalchemy import delete, select

from stores.engine import Database
from stores.errors import NotFound
from stores.notelog import NoteLog, StoredNote
from stores.tables import deleted_notes, notes, workspaces
from tests.contract.notes import KEY, OTHER, WHOLE, appended, contents, note_row


@pytest.fixture
def log(database: Database) -> NoteLog:
    return NoteLog(database)


async def ids(database: Database) -> list[str]:
    async with database.read() as connection:
        return list(await connection.scalars(select(notes.c.id).order_by(notes.c.id)))


async def test_a_deleted_note_is_gone_and_what_it_was_is_known(database: Database, log: NoteLog) -> None:
    stored = await appended(log, b"1")
    await appended(log, b"2", key=OTHER)
    assert await log.earlier(KEY) is None
    assert await log.delete(KEY, stored, b"\x01\x05\x01")
    assert await ids(database) == ["other", "spec"]
    assert await log.earlier(KEY) == b"\x01\x05\x01"
    assert await log.earlier(OTHER) is None
    with pytest.raises(NotFound):
        await log.read(KEY)
    with pytest.raises(NotFound):
        await log.delete(KEY, stored, b"\x00")


async def test_opening_a_deleted_note_does_not_make_it(database: Database, log: NoteLog) -> None:
    await log.delete(KEY, await appended(log, b"1"), b"\x00")
    assert await log.open_note(KEY) == StoredNote(None, (), b"\x00", missing=True)
    assert await ids(database) == ["spec"]


async def test_a_note_that_is_made_again_starts_empty_and_knows_what_was_before(log: NoteLog) -> None:
    stored = await appended(log, b"1")
    await log.compact(KEY, stored, WHOLE)
    await log.delete(KEY, await log.read(KEY), b"\x01\x05\x01")
    await log.create(KEY)
    assert await log.open_note(KEY) == StoredNote(None, (), b"\x01\x05\x01")
    await log.append([(KEY, b"2")])
    again = await log.read(KEY)
    assert (contents(again.rows), again.earlier) == ([b"2"], b"\x01\x05\x01")
    assert await log.delete(KEY, again, b"\x02\x05\x01\x06\x01")
    assert await log.earlier(KEY) == b"\x02\x05\x01\x06\x01"


async def test_a_note_that_was_edited_since_it_was_read_is_not_deleted(database: Database, log: NoteLog) -> None:
    stored = await appended(log, b"1")
    await log.append([(KEY, b"2")])
    assert not await log.delete(KEY, stored, b"\x00")
    assert contents((await log.read(KEY)).rows) == [b"1", b"2"]
    assert await log.earlier(KEY) is None


async def test_a_note_that_was_only_compacted_since_it_was_read_is_deleted(log: NoteLog) -> None:
    stored = await appended(log, b"1")
    await log.compact(KEY, stored, WHOLE)
    assert await log.delete(KEY, stored, b"\x00")


async def test_of_edits_and_a_deletion_at_once_each_edit_is_kept_or_refused(shared_database: Database) -> None:
    log = NoteLog(shared_database)
    for _ in range(10):
        await log.create(KEY)
        stored = await log.read(KEY)

        async def edit() -> bool:
            try:
                await log.append([(KEY, b"2")])
            except NotFound:
                return False
            return True

        *edited, deleted = await asyncio.gather(*(edit() for _ in range(3)), log.delete(KEY, stored, b"\x00"))
        if deleted:
            assert not any(edited)
        else:
            assert any(edited)
            assert contents((await log.read(KEY)).rows) == [b"2"] * sum(edited)
            assert await log.delete(KEY, await log.read(KEY), b"\x00")


async def test_what_a_note_was_goes_with_its_workspace(database: Database, log: NoteLog) -> None:
    await log.delete(KEY, await appended(log, b"1"), b"\x00")
    async with database.write() as connection:
        await connection.execute(delete(workspaces))
    async with database.read() as connection:
        assert (await connection.execute(select(deleted_notes))).all() == []
    assert await log.open_note(KEY) == StoredNote(None, ())


async def test_a_workspace_that_a_note_brings_along_has_its_spec_note(database: Database, log: NoteLog) -> None:
    await log.open_note(KEY)
    spec = await note_row(database, KEY._replace(note="spec"))
    assert (spec.title, spec.type, spec.content) == ("Spec", "spec", "")


async def test_a_workspace_whose_spec_note_was_deleted_does_not_get_it_back(database: Database, log: NoteLog) -> None:
    await log.open_note(KEY)
    spec = KEY._replace(note="spec")
    await log.delete(spec, await log.read(spec), b"\x00")
    await log.open_note(OTHER)
    assert await ids(database) == ["note", "other"]
