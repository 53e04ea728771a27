"""Notes as they are at this moment: what is known of each, with the text of its open room where there is one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from crdt import statevector
from crdt.errors import InvalidUpdate, NoteGone
from crdt.generation import outlived
from crdt.text import Edit, rewrite
from server.culprit import mark_of
from server.hosted import PATIENCE, HostedNote, NoteUnavailable
from server.hub import Hub
from server.loader import document_of
from stores.engine import Database
from stores.errors import NotFound
from stores.notelog import NoteKey, NoteLog, StoredNote
from stores.records.notes import Note, Notes
from stores.records.page import Listed, Page

LARGE = 50_000
"""From this many characters on, old and new together, texts are compared in a thread."""

Check = Callable[[str], None]
"""Is given the text of a note and raises when it must not be changed."""


def accept(_: str) -> None:
    """Let any text be changed."""


class LiveNotes:
    """All notes. Methods raise Unavailable when the database cannot be used."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self.records = Notes(database)
        self._log = NoteLog(database)
        self._hub = hub

    async def read(self, key: NoteKey) -> Note:
        """Give a note; raises NotFound, and NoteQuarantined when it cannot be loaded."""
        note = await self.records.find(key)
        await self._hub.ward.check(key)
        return await self._current(note)

    async def list(
        self, filters: Mapping[str, object], page: Page, *where: ColumnElement[bool], texts: bool = True
    ) -> Listed[Note]:
        """Give a page of the notes that pass the filters and the conditions, oldest first; raises BadCursor.

        Without ``texts``, those are not looked after: what people type may be missing in them.
        """
        listed = await self.records.list(filters, page, *where)
        rows = [await self._current(note) for note in listed.rows] if texts else listed.rows
        return Listed(rows, listed.next_cursor)

    async def _current(self, note: Note) -> Note:
        text = self._hub.text(note.key)
        if text is None and note.behind and note.key not in self._hub.ward.closed:
            text = await self._stored_text(note.key)
        return note if text is None else note._replace(content=text)

    async def _stored_text(self, key: NoteKey) -> str | None:
        """Give the text of what is stored; nothing when that is gone by now, or damaged."""
        try:
            return await asyncio.to_thread(self._text_of, key, await self._log.read(key))
        except NotFound:
            return None

    def _text_of(self, key: NoteKey, stored: StoredNote) -> str | None:
        """Give the text of what is stored; nothing when that is damaged."""
        if key in self._hub.ward.closed:
            return None
        with self._hub.ward.recorder.aside(mark_of(key)):
            try:
                return document_of(stored).text()
            except InvalidUpdate:
                return None

    async def create(self, values: Mapping[str, Any], content: str, now: datetime) -> Note:
        """Make a note; raises NotFound when there is no such workspace, and Conflict when there is such a note."""
        note = await self.records.create(values, now)
        return note._replace(content=await self.rewrite(note.key, content) if content else "")

    async def rewrite(self, key: NoteKey, content: str, check: Check = accept) -> str:
        """Make the text of a note another one by the smallest edits; the text as it is then, committed.

        Raises what ``edit`` raises.
        """
        note = await self._hub.open(key, create=False)
        try:
            base = note.room.document.text()
            ready = await asyncio.to_thread(rewrite, base, content) if len(base) + len(content) > LARGE else None

            def change(text: str) -> Sequence[Edit]:
                check(text)
                return ready if ready is not None and text == base else rewrite(text, content)

            return await self._hub.edit(key, change)
        finally:
            self._hub.release(note)

    async def edit(self, key: NoteKey, change: Callable[[str], Sequence[Edit]]) -> str:
        """Edit the text of a note, as ``Hub.edit`` does."""
        return await self._hub.edit(key, change)

    async def delete(self, key: NoteKey, check: Check = accept) -> None:
        """Delete a note: its clients are closed, and whoever comes back with what it was does not get in.

        Raises:
            NotFound: there is none.
            NoteUnavailable: the store does not answer. Clients may have been closed.
        """
        async with self._hub.slots.hold(key) as slot:
            stored = await self._log.read(key)
            check(self._text_of(key, stored) or "" if slot.note is None else slot.note.room.document.text())
            seen = statevector.EMPTY
            if slot.note is not None:
                seen = outlived(slot.note.room.document)
                await self._end(slot.note)
            while not await self._log.delete(key, stored, self._outlived(key, stored, seen)):
                stored = await self._log.read(key)
            await self._hub.ward.forget(key)

    def _outlived(self, key: NoteKey, stored: StoredNote, seen: bytes) -> bytes:
        earlier = statevector.union(seen, stored.earlier or statevector.EMPTY)
        if key in self._hub.ward.closed:  # nobody can open it, so nobody has it
            return earlier
        with self._hub.ward.recorder.aside(mark_of(key)):
            try:
                return outlived(document_of(stored), earlier)
            except InvalidUpdate:
                return earlier

    async def _end(self, note: HostedNote) -> None:
        """Close a note, and wait until nothing more of it is on its way to the store."""
        if not self._hub.journal.available:
            raise NoteUnavailable("The store does not take changes at the moment: try again later.")
        self._hub.drop(note, NoteGone(), NotFound("The note was deleted meanwhile."))
        try:
            async with asyncio.timeout(PATIENCE):
                await self._hub.journal.settled(note)
        except TimeoutError:
            raise NoteUnavailable("The store does not answer, so the note was not deleted: try again later.") from None


def shape(note: Note) -> dict[str, Any]:
    """Turn a note into the object that clients see."""
    metadata = {
        "type": note.type,
        "taskStatus": note.task_status,
        "assignedAgentIds": note.assigned_agent_ids or None,
        "parentNoteId": note.parent_note_id,
        "linkedTaskId": note.linked_task_id,
        "custom": note.custom or None,
    }
    shaped = {
        "id": note.id,
        "title": note.title,
        "content": note.content,
        "workspaceId": note.workspace_id,
        "sessionId": note.session_id,
        "metadata": {name: value for name, value in metadata.items() if value is not None},
        "createdAt": note.created_at,
        "updatedAt": note.updated_at,
    }
    return {name: value for name, value in shaped.items() if value is not None}


def outline(note: Note) -> dict[str, Any]:
    """Turn a note into the object that clients see, without its text."""
    shaped = shape(note)
    del shaped["content"]
    return shaped
