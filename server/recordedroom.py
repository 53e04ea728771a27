"""A room that records what it is about to do before native code does it, and refuses what ended the server before."""

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from crdt import statevector
from crdt.contribution import Batch, Contribution
from crdt.document import Document
from crdt.errors import ProtocolError, TryAgainLater
from crdt.generation import Generation
from crdt.messages import AwarenessUpdate, SyncStep1, SyncStep2, Update
from crdt.room import Room
from crdt.session import Session
from crdt.text import Edit
from crdt.trials import Trial
from crdt.updates import EMPTY
from server.counters import Counters
from server.culprit import mark_of
from server.flightrecorder import Doing, FlightRecorder
from server.hosted import HubLimits
from server.refusals import Refusals
from stores.notelog import NoteKey

_COMING = {SyncStep1(statevector.EMPTY).encode(), SyncStep2(EMPTY).encode()}
"""What a client says that has nothing of the note: no native document is needed for that."""


class Hosting(NamedTuple):
    """What a room is part of."""

    key: NoteKey
    limits: HubLimits
    recorder: FlightRecorder
    refusals: Refusals
    counters: Counters


class RecordedRoom(Room):
    """A room; see ``server.flightrecorder``."""

    def __init__(self, hosting: Hosting, document: Document, generation: Generation) -> None:
        key, limits, recorder, refusals, counters = hosting
        super().__init__(document, limits.max_note_bytes, generation, limits.awareness)
        self._key = key
        self._mark = mark_of(key)
        self._marks: dict[Session, bytes] = {}
        self._recorder = recorder
        self._refusals = refusals
        self._counters = counters
        # After a crash each update is applied by itself, so that the next one can be put down to its sender.
        self._together = counters.restarts == 0
        self._typed: list[tuple[Session, bytes]] = []

    def join(self, session: Session) -> None:
        """Let a client in."""
        self._marks[session] = mark_of(self._key, session.sender)
        super().join(session)

    def leave(self, session: Session, now: float) -> None:
        """Let a client go."""
        self._marks.pop(session, None)
        super().leave(session, now)

    def receive(self, session: Session, frame: bytes, now: float) -> None:
        """Take a frame."""
        counters = self._counters
        counters.frames += 1
        counters.received_bytes += len(frame)
        if self._refusals:
            error = self._refusals.of(self._key, session.sender, frame, self.document)
            if error is not None:
                counters.refused_updates += 1
                session.refuse(error)
                return
        elif session.error is None and self.type(session, frame):
            return
        if frame not in _COMING and not frame.startswith(AwarenessUpdate.prefix):
            self._wake()
        self.settle()
        self._recorder.begin(Doing.RECEIVE, self._marks.get(session, self._mark), frame)
        try:
            super().receive(session, frame, now)
        finally:
            self._recorder.end()

    def type(self, session: Session, frame: bytes) -> bool:
        """Take typed text, if it may go into the document with that of others."""
        if not self._together or not super().type(session, frame):
            return False
        self._typed.append((session, frame))
        return True

    def _wake(self) -> None:
        """Make the native document of what is stored: if that ends the server, the note is at fault, nobody else."""
        if self.document.asleep:
            self._recorder.begin(Doing.LOAD, self._mark)
            try:
                with suppress(TryAgainLater):  # the document is damaged: see ``HostedNote.settle``
                    self.document.wake()
            finally:
                self._recorder.end()

    def settle(self) -> None:
        """Put what was typed into the native document."""
        typed, self._typed = self._typed, []
        if not typed:
            return
        self._wake()
        if all(session is typed[0][0] for session, _ in typed):
            mark = self._marks.get(typed[0][0], self._mark)
            self._recorder.begin(Doing.RECEIVE, mark, b"".join([frame for _, frame in typed]))
        else:
            self._recorder.begin(Doing.TYPE, self._mark)
        try:
            super().settle()
        finally:
            self._recorder.end()

    def tried(self, trial: Trial, error: ProtocolError | None, now: float) -> None:
        """Go on with an update that was tried."""
        self._wake()
        self.settle()
        self._recorder.begin(Doing.RECEIVE, self._marks.get(trial.session, self._mark), Update(trial.update).encode())
        try:
            super().tried(trial, error, now)
        finally:
            self._recorder.end()

    def edit(self, edits: Sequence[Edit]) -> Contribution | None:
        """Edit the text here."""
        self._wake()
        self.settle()
        self._recorder.begin(Doing.TEND, self._mark)
        try:
            return super().edit(edits)
        finally:
            self._recorder.end()

    def end_turn(self) -> None:
        """Send on what came in since the last call."""
        edits = self.came_in
        if not edits:
            super().end_turn()
            return
        self._counters.updates += edits
        self._recorder.begin(Doing.TEND, self._mark)
        try:
            super().end_turn()
        finally:
            self._recorder.end()

    def take_batch(self) -> Batch | None:
        """Take what is to be stored next."""
        self._recorder.begin(Doing.TEND, self._mark)
        try:
            return super().take_batch()
        finally:
            self._recorder.end()

    def stored(self, batch: Batch) -> None:
        """Acknowledge a batch."""
        self._counters.acknowledged += len(batch.contributions)
        self._recorder.begin(Doing.TEND, self._mark)
        try:
            super().stored(batch)
        finally:
            self._recorder.end()
