from sqlalchemy import insert, select

from stores.drift import drift
from stores.engine import Database
from stores.notelog import NoteKey, NoteLog
from stores.schema import downgrade, upgrade
from stores.tables import deleted_notes, notes, workspaces
from tests.stores.records.test_notes import NOW

STAMPS = {"created_at": NOW, "updated_at": NOW}


async def test_every_workspace_that_was_there_gets_a_spec_note(database: Database) -> None:
    await downgrade(database, "0001")
    async with database.write() as connection:
        await connection.execute(insert(workspaces), [{"id": key, "title": key, **STAMPS} for key in ("a", "b")])
        kept = {"workspace_id": "b", "id": "spec", "title": "Mine", "content": "mine", **STAMPS}
        await connection.execute(insert(notes).values(kept))
    await upgrade(database)
    assert await drift(database) == []
    async with database.read() as connection:
        made = (await connection.execute(select(notes).order_by(notes.c.workspace_id))).all()
    assert [(note.workspace_id, note.id, note.title, note.type) for note in made] == [
        ("a", "spec", "Spec", "spec"),
        ("b", "spec", "Mine", "general"),
    ]
    assert (made[0].content, made[0].assigned_agent_ids, made[0].custom) == ("", [], {})
    assert (made[0].created_at, made[0].updated_at) == (NOW, NOW)


async def test_it_can_be_undone_and_done_again_and_the_notes_stay(database: Database) -> None:
    log, key = NoteLog(database), NoteKey("w", "a")
    await log.open_note(key)
    await log.append([(key, b"update")])
    stored = await log.read(key)
    gone = NoteKey("w", "gone")
    await log.delete(gone, await log.open_note(gone), b"\x00")
    await downgrade(database, "0001")
    await upgrade(database)
    assert await drift(database) == []
    assert await log.read(key) == stored
    async with database.read() as connection:
        assert (await connection.execute(select(deleted_notes))).all() == []
