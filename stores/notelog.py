"""A note as it is kept: its snapshot, and the log of the updates that came after it."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.engine import Database
from stores.errors import NotFound
from stores.notestatements import DELETE, DELETE_NOTE, EARLIER, FORGET, LOCK, LOGGED, REPLACE, ROWS, TEXT, WHOLE
from stores.packing import pack, unpack
from stores.records.workspaces import add_workspace
from stores.tables import deleted_notes, note_snapshots, note_updates, notes

_CHUNK = 512
"""The most parameters of one DELETE; SQLite takes 32,766 and Postgres 65,535."""


class NoteKey(NamedTuple):
    """Which note: its id alone is not enough, for two workspaces may use the same."""

    workspace: str
    note: str


@dataclass(frozen=True)
class Snapshot:
    """A whole document, and the updates that still miss a predecessor; both are Yjs updates, format v1."""

    state: bytes
    pending: bytes | None
    revision: int
    """1 for the first snapshot of a note, one more for each that takes its place."""
    sealed: bytes | None = None
    """What is known of ``state``; opaque here."""


@dataclass(frozen=True)
class LogRow:
    """One update (Yjs update, format v1) of the log."""

    id: int
    update: bytes


@dataclass(frozen=True)
class StoredNote:
    """All that is kept of a note's document at one moment: the snapshot and the log in order."""

    snapshot: Snapshot | None
    rows: tuple[LogRow, ...]
    earlier: bytes | None = None
    """The state vector of what the note was before it was deleted; nothing when it never was."""
    missing: bool = False
    """Whether there is no such note at the moment, but there was."""


@dataclass(frozen=True)
class Compacted:
    """What a snapshot and its log amount to: to be written in their place."""

    state: bytes
    pending: bytes | None
    text: str
    """The note's text, for reading and searching."""
    sealed: bytes | None = None
    """What is known of ``state``; opaque here."""
    also: Callable[[AsyncConnection], Awaitable[None]] | None = None
    """What is done in the same transaction."""


class NoteLog:
    """The notes' documents in a database. All methods raise Unavailable when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.created: Callable[[NoteKey], None] = lambda _: None
        """Called with each note that ``create`` has made."""

    async def open_note(self, key: NoteKey) -> StoredNote:
        """Read a note, made empty (and its workspace with it) when it is not there; writes nothing when it is.

        One that was deleted is not made: it is ``missing`` until ``create``. Raises NotFound when somebody deletes it
        in this very moment.
        """
        try:
            return await self.read(key)
        except NotFound:
            earlier = await self.earlier(key)
        if earlier is not None:
            return StoredNote(None, (), earlier, missing=True)
        await self.create(key)
        return await self.read(key)

    async def read(self, key: NoteKey) -> StoredNote:
        """Read a note's snapshot and log as they were at one moment; raises NotFound when there is no such note."""
        head, *rows = await self._database.read_rows(WHOLE, _names(key)) or (None,)
        if head is None:
            raise _missing(key)
        logged = tuple(LogRow(row.id, row.payload) for row in rows)
        if head.revision is None:
            return StoredNote(None, logged, head.earlier)
        state = await unpack(head.payload, head.compression)
        return StoredNote(Snapshot(state, head.pending, head.revision, head.seal), logged, head.earlier)

    async def earlier(self, key: NoteKey) -> bytes | None:
        """Give the state vector of what a note was before it was deleted; nothing when it never was."""
        rows = await self._database.read_rows(EARLIER, _names(key))
        return rows[0][0] if rows else None

    async def append(self, batch: Sequence[tuple[NoteKey, bytes]]) -> None:
        """Add updates (Yjs update v1) of any number of notes to the log, in this order and in one transaction.

        It has been committed when this returns; nothing is kept when it raises. Raises NotFound when a note in the
        batch is not there.
        """
        if batch:
            await self._database.insert(note_updates, LOGGED, [(*key, payload) for key, payload in batch])

    async def compact(self, key: NoteKey, stored: StoredNote, compacted: Compacted) -> bool:
        """Put a snapshot in the place of what was read: exactly that snapshot and exactly those rows.

        Rows that came later stay, whatever their ids. The note's text and time of change follow. Returns False, with
        nothing changed, when somebody else compacted, deleted or replaced the note since. Raises NotFound when the
        note is gone and there was no snapshot.
        """
        packed, compression = await pack(compacted.state)
        values = {
            "state": packed,
            "compression": compression,
            "pending": compacted.pending,
            "seal": compacted.sealed,
            "updated_at": datetime.now(UTC),
        }
        try:
            async with self._database.write() as connection:
                await _replace_snapshot(self._database, connection, key, stored, values)
                await _delete_rows(connection, stored.rows)
                text = compacted.text.replace("\0", "\ufffd")  # Postgres keeps no NUL in a text
                await connection.execute(TEXT, {**_names(key), "text": text, "now": datetime.now(UTC)})
                if compacted.also is not None:
                    await compacted.also(connection)
        except _OvertakenError:
            return False
        return True

    async def create(self, key: NoteKey) -> None:
        """Make a note, empty, and its workspace with it, where they are not there."""
        absent = self._database.insert_absent(notes)
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            await add_workspace(self._database, connection, key.workspace, now)
            made = await connection.execute(
                absent.values(workspace_id=key.workspace, id=key.note, title=key.note, created_at=now, updated_at=now)
            )
        if made.rowcount:
            self.created(key)

    async def delete(self, key: NoteKey, stored: StoredNote, state_vector: bytes) -> bool:
        """Delete a note, keeping the state vector of all that it ever was, so that who has it can be told.

        Returns False, with nothing changed, when the note was edited since it was read. Raises NotFound when it is
        gone.
        """
        known = {row.id for row in stored.rows}
        async with self._database.write() as connection:
            if (await connection.execute(LOCK, _names(key))).one_or_none() is None:
                raise _missing(key)
            rows = await connection.execute(ROWS, _names(key))
            if not known.issuperset(row.id for row in rows):
                return False
            await connection.execute(FORGET, _names(key))
            values = {"workspace_id": key.workspace, "note_id": key.note, "state_vector": state_vector}
            await connection.execute(insert(deleted_notes).values(**values, deleted_at=datetime.now(UTC)))
            await connection.execute(DELETE_NOTE, _names(key))
        return True


class _OvertakenError(Exception):
    """What was read is not what is there: leaves the transaction without a trace."""


def _names(key: NoteKey) -> dict[str, object]:
    return {"workspace": key.workspace, "note": key.note}


def _missing(key: NoteKey) -> NotFound:
    return NotFound(f'There is no note "{key.note}" in the workspace "{key.workspace}".')


async def _replace_snapshot(
    database: Database, connection: AsyncConnection, key: NoteKey, stored: StoredNote, values: Mapping[str, object]
) -> None:
    if stored.snapshot is None:
        first = database.insert_absent(note_snapshots)
        result = await connection.execute(
            first.values(workspace_id=key.workspace, note_id=key.note, revision=1, **values)
        )
    else:
        read = stored.snapshot.revision
        result = await connection.execute(REPLACE.values(revision=read + 1, **values), {**_names(key), "read": read})
    if result.rowcount != 1:
        raise _OvertakenError


async def _delete_rows(connection: AsyncConnection, rows: Sequence[LogRow]) -> None:
    deleted = 0
    for ids in _chunks([row.id for row in rows]):
        deleted += (await connection.execute(DELETE, {"ids": ids})).rowcount
    if deleted != len(rows):  # the note was deleted, and perhaps made again: this is not its document
        raise _OvertakenError


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    """Cut into pieces of 1, 2, 4, … or 512, filled up with the last id: a few statements to prepare, not 512."""
    for start in range(0, len(ids), _CHUNK):
        piece = ids[start : start + _CHUNK]
        size = 1 << (len(piece) - 1).bit_length()
        yield piece + piece[-1:] * (size - len(piece))
