"""The open notes: each is loaded once, shared by all its clients, and put away when it is idle and durable."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from crdt.document import Document
from crdt.errors import InvalidUpdate, NoteGone, TryAgainLater
from crdt.messages import AwarenessUpdate
from crdt.room import Batch, Room
from crdt.session import Session
from crdt.updates import EMPTY
from server.compactor import Compactor
from server.journal import Journal, Written
from server.peer import Frame, Peer
from stores.errors import NotFound
from stores.notelog import NoteKey, NoteLog

logger = logging.getLogger("routa")

HEARTBEAT = Frame(AwarenessUpdate(b"\x00").encode())
"""An awareness update about nobody: keeps clients that heard nothing for a while from giving the connection up."""


class NoteUnavailable(Exception):
    """The note cannot be opened at the moment: try again later."""


@dataclass(frozen=True, slots=True)
class HubLimits:
    """What the hub allows and when it tidies up."""

    max_note_bytes: int
    max_backlog_bytes: int
    """How much a note may have waiting for the store before its edits are refused."""
    idle_seconds: float
    """How long a note without clients stays open."""


@dataclass(eq=False)
class HostedNote:
    """An open note."""

    key: NoteKey
    room: Room
    users: int = 0
    """How many connections use it or are about to."""
    idle: asyncio.TimerHandle | None = None


@dataclass(eq=False)
class _Slot:
    """Where a note is, or is being loaded or put away; the lock is held meanwhile."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    note: HostedNote | None = None
    waiting: int = 0


class Hub:
    """All open notes of this process."""

    def __init__(self, log: NoteLog, compactor: Compactor, limits: HubLimits, clock: Callable[[], float]) -> None:
        self._log = log
        self._compactor = compactor
        self._limits = limits
        self._clock = clock
        self._slots: dict[NoteKey, _Slot] = {}
        self._touched: dict[HostedNote, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.journal = Journal(log, self._stored, self._lost)

    async def open(self, key: NoteKey) -> HostedNote:
        """Give a note, loaded if it is not open, created if there is none. ``release`` it when done.

        Raises:
            StoreError: the store did not give it.
            NoteUnavailable: the server is stopping, or what the store gave is not a document.
        """
        slot = self._slots.setdefault(key, _Slot())
        slot.waiting += 1
        try:
            async with slot.lock:
                if self._stopping:
                    raise NoteUnavailable("The server is stopping: reconnect in a moment.")
                if slot.note is None:
                    slot.note = await self._load(key)
                slot.note.users += 1
                if slot.note.idle is not None:
                    slot.note.idle.cancel()
                return slot.note
        finally:
            slot.waiting -= 1
            self._drop_if_empty(key, slot)

    async def _load(self, key: NoteKey) -> HostedNote:
        stored = await self._log.open_note(key)
        state, updates = None, [row.update for row in stored.rows]
        if stored.snapshot is not None:
            state = stored.snapshot.state
            updates = [stored.snapshot.pending, *updates] if stored.snapshot.pending else updates
        try:
            document = Document(state, updates)
        except InvalidUpdate as error:
            logger.error("The note %s/%s cannot be opened: what is stored of it is damaged: %s", *key, error)
            raise NoteUnavailable("What is stored of this note is damaged: it cannot be opened.") from error
        note = HostedNote(key, Room(document, self._limits.max_note_bytes))
        self._compactor.opened(key, stored)
        return note

    def release(self, note: HostedNote) -> None:
        """Say that one use of a note is over; after the last, it is put away in a while."""
        note.users -= 1
        if note.users == 0 and not self._stopping:
            loop = asyncio.get_running_loop()
            note.idle = loop.call_later(self._limits.idle_seconds, self._start, note)

    def _start(self, note: HostedNote) -> None:
        task = asyncio.get_running_loop().create_task(self._evict(note))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _evict(self, note: HostedNote) -> None:
        """Put a note away if nobody came back; who comes meanwhile waits, and loads it again."""
        slot = self._slots.get(note.key)
        if slot is None or slot.note is not note:
            return
        async with slot.lock:
            if note.users:
                return
            await self._settle(note)
            await self._compactor.finish(note.key)
            slot.note = None
        self._drop_if_empty(note.key, slot)

    async def _settle(self, note: HostedNote) -> None:
        self._end_turn(note)
        await self.journal.settled(note)

    def _drop_if_empty(self, key: NoteKey, slot: _Slot) -> None:
        if slot.note is None and not slot.waiting and not slot.lock.locked() and self._slots.get(key) is slot:
            del self._slots[key]

    def join(self, note: HostedNote, session: Session) -> None:
        """Put a client on a note. ``session.peer`` is its ``Peer``."""
        note.room.join(session)
        self._touch(note)

    def leave(self, note: HostedNote, session: Session) -> None:
        """Take a client off a note."""
        note.room.leave(session, self._clock())
        self._touch(note)

    def receive(self, note: HostedNote, session: Session, frame: bytes) -> None:
        """Take a frame from a client; when it is refused, ``session.error`` says why."""
        if note.room.unstored_bytes > self._limits.max_backlog_bytes:
            session.refuse(TryAgainLater())
            return
        note.room.receive(session, frame, self._clock())
        self._touch(note)

    def _touch(self, note: HostedNote) -> None:
        if not self._touched:
            asyncio.get_running_loop().call_soon(self._end_turns)
        self._touched[note] = None

    def _end_turns(self) -> None:
        touched, self._touched = self._touched, {}
        for note in touched:
            try:
                self._end_turn(note)
            except Exception as error:
                logger.exception("A defect: the clients of %s/%s are closed", *note.key)
                self._lost(note, error)

    def _end_turn(self, note: HostedNote) -> None:
        note.room.end_turn()
        self._deliver(note)
        if note.room.unacknowledged:
            self.journal.add(note)

    def _deliver(self, note: HostedNote) -> None:
        for payload, receivers in note.room.frames():
            frame = Frame(payload)
            for session in receivers:
                cast(Peer, session.peer).deliver(frame)

    def _stored(self, note: Written, batch: Batch) -> None:
        note.room.stored(batch)
        self._deliver(cast(HostedNote, note))
        if batch.update != EMPTY:
            self._compactor.appended(note.key, len(batch.update))

    def _lost(self, note: Written, error: Exception) -> None:
        """Let go of a note whose edits the store refused: its clients must not take them for kept."""
        refusal = NoteGone() if isinstance(error, NotFound) else TryAgainLater()
        for session in note.room.sessions:
            session.refuse(refusal)
            cast(Peer, session.peer).close(refusal.code, refusal.reason)
        slot = self._slots.get(note.key)
        if slot is not None and slot.note is note:
            slot.note = None
            self._compactor.forget(note.key)
            self._drop_if_empty(note.key, slot)

    def open_notes(self) -> list[HostedNote]:
        """Give the notes that are open."""
        return [slot.note for slot in self._slots.values() if slot.note is not None]

    def tick(self) -> None:
        """Do what is due every few seconds: expire presence, and keep silent connections alive."""
        now = self._clock()
        for note in self.open_notes():
            note.room.expire(now)
            self._touch(note)
            for session in note.room.sessions:
                peer = cast(Peer, session.peer)
                if peer.quiet:
                    peer.deliver(HEARTBEAT)
                peer.quiet = True

    async def drain(self) -> None:
        """Open nothing more, and wait until everything that came in is committed and acknowledged."""
        self._stopping = True
        self._end_turns()
        await self.journal.drained()

    async def put_away(self) -> None:
        """Compact what was edited, at the end."""
        for note in self.open_notes():
            await self._compactor.finish(note.key)
