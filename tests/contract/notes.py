"""What the contract tests of the note log share."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from stores.engine import Database
from stores.notelog import Compacted, LogRow, NoteKey, NoteLog, StoredNote
from stores.tables import notes

KEY = NoteKey("space", "note")
OTHER = NoteKey("space", "other")
WHOLE = Compacted(b"state", None, "the text")


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
