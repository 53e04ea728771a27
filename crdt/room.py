"""One note and the clients on it: fed with frames, drained of frames and of updates to store.

The way of an edit: ``receive`` takes it; ``settle`` puts what was typed into the document, so that nothing is sent on
that breaks it; ``end_turn`` sends on, as one frame, what came in since the last turn; ``take_batch`` hands over what is
to be stored; ``stored`` acknowledges it. To a y-websocket client the
acknowledgement is its own update coming back, so until an update is stored it goes to everybody but its sender.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from crdt.answers import Answers
from crdt.contribution import Batch, Contribution, acknowledgements
from crdt.document import Document
from crdt.envelope import stateless
from crdt.errors import MalformedMessage, ProtocolError, TryAgainLater
from crdt.generation import Generation
from crdt.intake import MAX_NOTE_BYTES, Intake
from crdt.messages import AwarenessUpdate, Message, QueryAwareness, SyncStep1, SyncStep2, Update, decode
from crdt.outbox import Outbox, Outgoing
from crdt.presence import AwarenessLimits, Presence
from crdt.returning import Returning
from crdt.session import Session
from crdt.text import Edit
from crdt.trials import Trial, Trials
from crdt.unstored import Unstored


class Room:
    """One document, its clients and its presence."""

    def __init__(
        self,
        document: Document,
        max_note_bytes: int = MAX_NOTE_BYTES,
        generation: Generation | None = None,
        awareness: AwarenessLimits | None = None,
    ) -> None:
        self.document = document
        self.generation = generation or Generation()
        self.presence = Presence(awareness)
        self.unstored = Unstored()
        """What waits for ``take_batch``."""
        self._sessions: dict[Session, None] = {}
        self._outbox = Outbox()
        self._answers = Answers(document)
        self._returning = Returning()
        self._committing: Batch | None = None
        self._intake = Intake(document, self.generation, max_note_bytes, self._outbox, self._answers)

    @property
    def trials(self) -> Trials:
        """What is to be tried elsewhere before it is applied; ``tried`` says how it went."""
        return self._intake.trials

    @property
    def came_in(self) -> int:
        """How many edits came in since the last turn ended."""
        return len(self._intake.turn)

    @property
    def sessions(self) -> Sequence[Session]:
        """Who is here, in the order of joining."""
        return tuple(self._sessions)

    def join(self, session: Session) -> None:
        """Let a client in: it is asked what it has, and told who is here."""
        self._sessions[session] = None
        if len(self.presence):
            self._outbox.send(AwarenessUpdate(self.presence.everyone()).encode(), session)
        self._greet(session)

    def _greet(self, session: Session) -> None:
        session.greeted = True
        self._outbox.send(SyncStep1(self.document.state_vector()).encode(), session)

    def leave(self, session: Session, now: float) -> None:
        """Let a client go: what it sent is kept, its presence is removed. A second time does nothing."""
        if session in self._sessions:
            del self._sessions[session]
            self._intake.forget(session)
            self._returning.leave(session)
            self.presence.leave(session, now)

    def receive(self, session: Session, frame: bytes, now: float) -> None:
        """Take a frame. A frame that must be refused becomes ``session.error``; nobody else notices.

        Args:
            session: who sends it.
            frame: the payload of a binary WebSocket message.
            now: the time in seconds, from a clock that does not go back.
        """
        if session.error is not None or self.type(session, frame):
            return
        try:
            if self.trials and session in self.trials:
                self.trials.hold(session, frame)
            else:
                self._handle_all(session, decode(frame), now)
        except ProtocolError as error:
            session.refuse(error)

    def type(self, session: Session, frame: bytes) -> bool:
        """Take a frame that is one run of typed text, without native code; whether it is one."""
        return self._intake.type(session, frame)

    def _handle_all(self, session: Session, messages: Iterator[Message], now: float) -> None:
        for message in messages:
            self._handle(session, message, now)
            if self.trials and session in self.trials:
                self.trials.hold_rest(session, messages)
                return

    def tried(self, trial: Trial, error: ProtocolError | None, now: float) -> None:
        """Go on with a client after an update of it was tried, and is refused if there is an ``error``."""
        session = trial.session
        if not self.trials.end(trial) or session.error is not None:
            return
        try:
            if error is not None:
                raise error
            self._intake.change(session, Update(trial.update), tried=True)
            self._handle_all(session, trial.rest(gone=session not in self._sessions), now)
        except ProtocolError as refused:
            session.refuse(refused)

    def _handle(self, session: Session, message: Message, now: float) -> None:
        if isinstance(message, Update | SyncStep2):
            if isinstance(message, SyncStep2):
                self._returning.answered(session)
            self._intake.change(session, message)
        elif isinstance(message, AwarenessUpdate):
            self.presence.apply(session, message.payload, now)
        elif isinstance(message, SyncStep1):
            self._answer(session, message.state_vector)
        elif isinstance(message, QueryAwareness):
            self._outbox.send(AwarenessUpdate(self.presence.everyone()).encode(), session)
        else:
            raise MalformedMessage("Only a server may deny permission.")

    def _answer(self, session: Session, state_vector: bytes) -> None:
        self.generation.check_state_vector(state_vector)
        if session.counts_changes and not session.greeted:  # it begins anew, with its answer counted as unsynced
            self._greet(session)
        self._outbox.send(self._answers.answer(session, state_vector), session)
        self._returning.asked(session, state_vector, self.document.clocks)
        session.synced = True

    def edit(self, edits: Sequence[Edit]) -> Contribution | None:
        """Edit the text here, for nobody in particular; nothing when that changes nothing.

        It is stored once a batch that has this contribution is.

        Raises:
            NoteFull: the note would become too large. Nothing was changed.
            NotPlainText: the document does not allow it. Nothing was changed.
        """
        return self._intake.edit(edits)

    def pass_on(self, session: Session, payload: bytes) -> None:
        """Send a stateless message to everybody else who understands it; it is not kept.

        Raises:
            MalformedMessage: the payload is not a string.
        """
        receivers = [other for other in self._sessions if other.takes_stateless and other is not session]
        self._outbox.send_to(receivers, stateless(payload))

    def expire(self, now: float) -> None:
        """Remove the presence of clients that have not renewed it."""
        self.presence.expire(now)

    def settle(self) -> None:
        """Put what was typed into the native document, unless it breaks on it: then that is ``damaged``."""
        with suppress(TryAgainLater):
            self.document.settle()

    def end_turn(self) -> None:
        """Send on what came in since the last call: one frame for all. InvalidUpdate: it cannot be stored."""
        self._answers.end_turn()
        changes = self.presence.take_changes()
        if changes is not None:
            self._outbox.send_to(self.sessions, AwarenessUpdate(changes).encode())
        turn = self._intake.take_turn()
        self._returning.end_turn(turn, lambda: self._unacknowledged(turn))
        if turn:
            self._answers.forget()
            self._outbox.broadcast(turn, self._sessions)
            self.unstored.add(turn, checked=self.document.waiting is not None)

    def _unacknowledged(self, turn: Sequence[Contribution]) -> set[Session]:
        """Give those who have sent something that is not stored yet."""
        on_its_way = () if self._committing is None else self._committing.contributions
        sent = (*turn, *self.unstored.contributions, *on_its_way)
        return {contribution.sender for contribution in sent if contribution.sender is not None}

    def frames(self) -> list[Outgoing]:
        """Take the frames that are to be sent, in order."""
        return self._outbox.take()

    def take_batch(self) -> Batch | None:
        """Take what is to be stored next; nothing when everything is stored or on its way."""
        batch = self.unstored.take()
        self._committing = batch or self._committing
        return batch

    def discard(self) -> None:
        """Forget what was not handed over yet: nobody is sent it, and it is not stored."""
        self._intake.clear()
        self._outbox.take()
        self.unstored.clear()

    def stored(self, batch: Batch) -> None:
        """Acknowledge a batch, after its commit, to everybody who sent a part of it."""
        self._committing = None
        for session, own, others in acknowledgements(batch):
            if session in self._sessions:
                for frame in session.acknowledgement(own, others):
                    self._outbox.send(frame, session)
