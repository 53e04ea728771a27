from sqlalchemy import select

from stores.drift import drift
from stores.engine import Database
from stores.notelog import Compacted, NoteKey, NoteLog, Snapshot, StoredNote
from stores.schema import downgrade, upgrade
from stores.tables import note_snapshots

KEYS = [NoteKey("w", name) for name in "ab"]
STATES = [b"x" * 1000, b"short"]


async def test_it_can_be_undone_and_done_again_and_the_snapshots_stay(database: Database) -> None:
    log = NoteLog(database)
    for key, state in zip(KEYS, STATES, strict=True):
        assert await log.compact(key, await log.open_note(key), Compacted(state, b"waiting", "text", b"sealed"))
    await downgrade(database, "0006")
    async with database.read() as connection:
        kept = list(await connection.scalars(select(note_snapshots.c.state).order_by(note_snapshots.c.note_id)))
    assert kept == STATES
    await upgrade(database)
    assert await drift(database) == []
    for key, state in zip(KEYS, STATES, strict=True):
        assert await log.read(key) == StoredNote(Snapshot(state, b"waiting", 1), ())
