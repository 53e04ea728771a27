"""The open notes: each is loaded once, shared by all its clients, and put away when it is idle and durable."""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

from crdt.contribution import Batch
from crdt.errors import NoteGone, ProtocolError, Stopping, TryAgainLater
from crdt.session import Session
from crdt.text import Edit
from crdt.updates import EMPTY
from server.compactor import Compactor
from server.hosted import HostedNote, HubLimits, NoteUnavailable, Slots
from server.journal import Journal, Written
from server.peer import Peer
from server.trials import TrialRuns
from server.turns import Turns
from server.watcher import Watcher
from stores.errors import NotFound, StoreError
from stores.notelog import NoteKey, NoteLog


class Hub:
    """All open notes of this process."""

    def __init__(self, log: NoteLog, compactor: Compactor, limits: HubLimits, clock: Callable[[], float]) -> None:
        self._log = log
        self.ward = compactor.ward
        self._compactor = compactor
        self._limits = limits
        self._clock = clock
        self.slots = Slots()
        self._tasks: set[asyncio.Task[None]] = set()
        self.stopping = False
        self.turns = Turns(self._end_turn, self._lost, limits.merge_seconds)
        self.watcher = Watcher()
        """Who is told what happens to the notes."""
        self.journal = Journal(log, self._stored, self._lost)
        self._trials = TrialRuns(clock, self.turns.touch)

    async def open(self, key: NoteKey, create: bool = True, client: bool = False) -> HostedNote:
        """Give a note, loaded if it is not open. ``release`` it when done.

        Args:
            key: which note.
            create: make it if there is none; if there was one that was deleted, as soon as somebody writes in it.
            client: it is for one more client, of which there may be only so many.

        Raises:
            NotFound: there is none, and it is not to be made.
            StoreError: the store did not give it.
            NoteUnavailable: the server is stopping, or what the store gave is not a document.
        """
        async with self.slots.hold(key) as slot:
            if self.stopping:
                raise NoteUnavailable(str(Stopping()))
            if slot.note is not None and slot.note.closed is not None:
                await self.journal.settled(slot.note)
            if slot.note is None or slot.note.closed is not None:
                slot.note = await self._load(key, create)
            slot.note.use(client)
            return slot.note

    async def _load(self, key: NoteKey, create: bool) -> HostedNote:
        await self.ward.check(key)
        stored = await self._compactor.read(key, create)
        note = await self.ward.host(key, stored, self._limits)
        self._compactor.opened(key, stored)
        return note

    def release(self, note: HostedNote) -> None:
        """Say that one use of a note is over; after the last, it is put away in a while."""
        note.users -= 1
        if note.users == 0 and not self.stopping:
            loop = asyncio.get_running_loop()
            note.idle = loop.call_later(self._limits.idle_seconds, self._start, note)

    def _start(self, note: HostedNote) -> None:
        task = asyncio.get_running_loop().create_task(self._evict(note))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _evict(self, note: HostedNote) -> None:
        """Put a note away if nobody came back; who comes meanwhile waits, and loads it again."""
        async with self.slots.hold(note.key) as slot:
            if note.users or slot.note is not note:
                return
            await self._settle(note)
            await self._compactor.finish(note.key)
            slot.note = None

    async def _settle(self, note: HostedNote) -> None:
        await self._trials.settled(note)
        self._end_turn(note)
        if note.making is not None:
            await note.making
        await self.journal.settled(note)

    def join(self, note: HostedNote, session: Session) -> None:
        """Put a client on a note. ``session.peer`` is its ``Peer``."""
        if note.closed is not None:
            session.refuse(note.closed)
            cast(Peer, session.peer).close(note.closed)
            return
        note.room.join(session)
        self.watcher.joined(note.key, session)
        self.turns.touch(note)

    def leave(self, note: HostedNote, session: Session) -> None:
        """Take a client off a note."""
        note.room.leave(session, self._clock())
        self.watcher.left(note.key, session)
        self.turns.touch(note)

    def receive(self, note: HostedNote, session: Session, frame: bytes) -> None:
        """Take a frame from a client; when it is refused, ``session.error`` says why."""
        if self._limits.exceeded(note.room.unstored.bytes, self.journal.backlog):
            session.refuse(TryAgainLater())
        note.room.receive(session, frame, self._clock())
        if note.room.trials.due:
            self._trials.start(note)
        self.turns.touch(note)

    def pass_on(self, note: HostedNote, session: Session, payload: bytes) -> None:
        """Send a stateless message of a client to the others that understand it; see ``Room.pass_on``."""
        note.room.pass_on(session, payload)
        self.turns.touch(note)

    def _end_turn(self, note: HostedNote) -> None:
        note.settle()
        note.room.end_turn()
        note.deliver()
        if not note.room.unstored:
            return
        if note.missing:
            note.missing = False
            note.making = asyncio.get_running_loop().create_task(self._make(note))
        elif note.making is None:
            self.journal.add(note)

    async def _make(self, note: HostedNote) -> None:
        """Make a note again that was deleted: somebody has written in it."""
        try:
            await self._log.create(note.key)
        except StoreError as error:
            self._lost(note, error)
        else:
            note.making = None
            self.journal.add(note)

    def _stored(self, written: Written, batch: Batch) -> None:
        note = cast(HostedNote, written)
        note.room.stored(batch)
        note.deliver()
        note.tell(batch)
        if batch.update != EMPTY:
            self._compactor.appended(note.key, len(batch.update))
            self.watcher.changed(note.key, batch)

    def _lost(self, written: Written, error: Exception) -> None:
        """Let go of a note whose edits the store refused: its clients must not take them for kept."""
        self.drop(cast(HostedNote, written), NoteGone() if isinstance(error, NotFound) else TryAgainLater(), error)

    def drop(self, note: HostedNote, refusal: ProtocolError, error: Exception) -> None:
        """Let go of a note as ``HostedNote.close`` says; nothing of it is written back."""
        note.close(refusal, error)
        if self.slots.drop(note):
            self._compactor.forget(note.key)

    async def close_note(self, key: NoteKey, refusal: ProtocolError) -> None:
        """Let go of a note that is gone from the store, if it is open."""
        async with self.slots.hold(key) as slot:
            if slot.note is not None:
                self.drop(slot.note, refusal, NotFound(refusal.reason))

    async def close_workspace(self, workspace: str) -> None:
        """Let go of the notes of a workspace that is gone from the store."""
        for key in self.slots.keys(workspace):
            await self.close_note(key, NoteGone("The workspace was deleted, and this note with it."))

    async def edit(self, key: NoteKey, change: Callable[[str], Sequence[Edit]]) -> str:
        """Edit the text of a note that is there; committed, and sent to its clients, when this returns the new text.

        Args:
            key: which note.
            change: is given the text and gives the edits, at once; what it raises is passed on.

        Raises:
            NotFound: there is no such note, or it was deleted meanwhile.
            NoteFull, NotPlainText: the room does not take the edits. Nothing was changed.
            NoteUnavailable: the store does not take it at the moment. It may have been sent to the clients.
            StoreError: the store refused it.
        """
        note = await self.open(key, create=False)
        try:
            if self._limits.exceeded(note.room.unstored.bytes, self.journal.backlog) or not self.journal.available:
                raise NoteUnavailable("The store does not take edits at the moment: try again later.")
            contribution = note.room.edit(change(note.room.document.text()))
            text = note.room.document.text()
            if contribution is not None:
                self.turns.touch(note)
                await note.committed(contribution)
            return text
        finally:
            self.release(note)

    def text(self, key: NoteKey) -> str | None:
        """Give the text of a note if it is open."""
        return None if (note := self.slots.get(key)) is None else note.room.document.text()

    def open_notes(self) -> list[HostedNote]:
        """Give the notes that are open."""
        return self.slots.notes()

    def tick(self) -> None:
        """Do what is due every few seconds: expire presence, and keep silent connections alive."""
        now = self._clock()
        for note in self.open_notes():
            note.room.expire(now)
            self.turns.touch(note)
            note.keep_alive()

    async def drain(self) -> None:
        """Open nothing more, and wait until everything that came in is committed and acknowledged."""
        self.stopping = True
        await self._trials.stop()
        self.turns.end()
        await asyncio.gather(*(note.making for note in self.open_notes() if note.making is not None))
        await self.journal.drained()

    async def put_away(self) -> None:
        """Compact what was edited, at the end."""
        for note in self.open_notes():
            await self._compactor.finish(note.key)
