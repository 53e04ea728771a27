"""A note that is open in this process, and where it is while it is being loaded or put away."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from crdt.contribution import Batch, Contribution
from crdt.errors import NoteClosed, ProtocolError, TryAgainLater
from crdt.messages import AwarenessUpdate
from crdt.presence import AwarenessLimits
from crdt.room import Room
from server.peer import Frame, Peer
from stores.notelog import NoteKey

logger = logging.getLogger("routa")

HEARTBEAT = Frame(AwarenessUpdate(b"\x00").encode())
"""An awareness update about nobody: keeps clients that heard nothing for a while from giving the connection up."""
PATIENCE = 10.0
"""Seconds that an edit which was made here waits for its commit."""


class NoteUnavailable(Exception):
    """The note cannot be used at the moment: try again later."""


class NoteQuarantined(NoteUnavailable):
    """The note cannot be loaded, and stays closed until somebody repairs it."""

    def __init__(self) -> None:
        self.refusal = NoteClosed()
        super().__init__(str(self.refusal))


class CrowdedNote(NoteUnavailable):
    """The note has as many clients as it may have."""


@dataclass(frozen=True, slots=True)
class HubLimits:
    """What the hub allows and when it tidies up."""

    max_note_bytes: int
    max_backlog_bytes: int
    """How much a note may have waiting for the store before its edits are refused."""
    max_total_backlog_bytes: int
    """How much all notes together may have waiting for the store before edits are refused."""
    idle_seconds: float
    """How long a note without clients stays open."""
    clients: int = 2000
    """How many clients one note may have."""
    awareness: AwarenessLimits | None = None
    merge_seconds: float = 0.0
    """How long what is typed may be held back to be merged with what others type; 0: not at all."""

    def exceeded(self, unstored: int, backlog: int) -> bool:
        """Tell whether too much waits for the store, of a note or of all together, to take more edits."""
        return unstored > self.max_backlog_bytes or backlog > self.max_total_backlog_bytes


@dataclass(eq=False)
class HostedNote:
    """An open note."""

    key: NoteKey
    room: Room
    missing: bool = False
    """Whether it was deleted, and is made again only when somebody writes in it."""
    most_clients: int = 2000
    """How many clients it may have."""
    users: int = 0
    """How many connections and edits use it or are about to."""
    idle: asyncio.TimerHandle | None = None
    making: asyncio.Task[None] | None = None
    """Makes it again."""
    edits: dict[Contribution, asyncio.Future[None]] = field(default_factory=dict)
    """Who waits for the commit of an edit that was made here."""
    turned_away: set[str] = field(default_factory=set)
    """Who was closed for writing without being allowed to: a client that comes back all the same is only told."""
    closed: ProtocolError | None = None
    """Why it must not be used any more."""

    def use(self, client: bool) -> None:
        """Say that somebody uses it from now on: a client, or a single edit.

        Raises:
            CrowdedNote: it has as many clients as it may have.
        """
        if client and self.users >= self.most_clients:
            raise CrowdedNote(f"This note has {self.users:,} clients, as many as it may have: try again later.")
        self.users += 1
        if self.idle is not None:
            self.idle.cancel()

    async def committed(self, contribution: Contribution) -> None:
        """Wait for the commit of an edit that was made here.

        Raises:
            NoteUnavailable: it takes too long.
            StoreError: it failed.
        """
        waiting = self.edits[contribution] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE):
                await waiting
        except TimeoutError:
            raise NoteUnavailable(
                "The edit was made, but the store has not kept it yet: read the note again before you repeat it."
            ) from None
        finally:
            del self.edits[contribution]

    def deliver(self) -> None:
        """Hand the room's frames to the connections."""
        for payload, receivers in self.room.frames():
            frame = Frame(payload)
            for session in receivers:
                peer: Peer = session.peer  # type: ignore[assignment]  # a cast would be a call for each delivery
                peer.deliver(frame)

    def settle(self) -> None:
        """Have all that came in applied; if the native core broke, the note is loaded anew, as it is stored."""
        self.room.settle()
        if self.room.document.damaged and self.closed is None:
            logger.error("The native core broke on %s/%s: the note is loaded anew", *self.key)
            self.close(TryAgainLater(), NoteUnavailable("The note is being loaded anew: try again in a moment."))

    def keep_alive(self) -> None:
        """Send something to the clients that were sent nothing since the last call."""
        for session in self.room.sessions:
            peer = cast(Peer, session.peer)
            if peer.quiet:
                peer.deliver(HEARTBEAT)
            peer.quiet = True

    def tell(self, batch: Batch) -> None:
        """Say that a batch is committed."""
        for contribution in batch.contributions:
            waiting = self.edits.get(contribution)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

    def close(self, refusal: ProtocolError, error: Exception) -> None:
        """End all use of it; what is not on its way to the store is dropped.

        Args:
            refusal: what the clients are closed with.
            error: what those are told who wait for the commit of an edit.
        """
        self.closed = refusal
        for session in self.room.sessions:
            session.refuse(refusal)
            cast(Peer, session.peer).close(refusal)
        self.room.discard()
        for waiting in self.edits.values():
            if not waiting.done():
                waiting.set_exception(error)


@dataclass(eq=False)
class Slot:
    """The place of a note; the lock is held while it is being loaded, put away or deleted."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    note: HostedNote | None = None
    waiting: int = 0


class Slots:
    """The places of all notes that are open or about to be."""

    def __init__(self) -> None:
        self._slots: dict[NoteKey, Slot] = {}

    @asynccontextmanager
    async def hold(self, key: NoteKey) -> AsyncIterator[Slot]:
        """Give the place of a note to one alone."""
        slot = self._slots.setdefault(key, Slot())
        slot.waiting += 1
        try:
            async with slot.lock:
                yield slot
        finally:
            slot.waiting -= 1
            self._tidy(key, slot)

    def get(self, key: NoteKey) -> HostedNote | None:
        """Give a note if it is open."""
        slot = self._slots.get(key)
        return None if slot is None else slot.note

    def drop(self, note: HostedNote) -> bool:
        """Take a note out of its place; whether it was there."""
        slot = self._slots.get(note.key)
        if slot is None or slot.note is not note:
            return False
        slot.note = None
        self._tidy(note.key, slot)
        return True

    def _tidy(self, key: NoteKey, slot: Slot) -> None:
        if slot.note is None and not slot.waiting:
            self._slots.pop(key, None)

    def keys(self, workspace: str) -> list[NoteKey]:
        """Give the places that are taken in a workspace."""
        return [key for key in self._slots if key.workspace == workspace]

    def notes(self) -> list[HostedNote]:
        """Give the notes that are open."""
        return [slot.note for slot in self._slots.values() if slot.note is not None]
