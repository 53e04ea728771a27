"""One note and the clients on it: fed with frames, drained of frames and of updates to store.

The way of an edit: ``receive`` applies it; ``end_turn`` sends on, as one frame, what came in since the last turn;
``take_batch`` hands over what is to be stored; ``stored`` acknowledges it. To a y-websocket client the
acknowledgement is its own update coming back, so until an update is stored it goes to everybody but its sender.
"""

from collections.abc import Iterator, Sequence

from crdt.answers import Answers
from crdt.applied import NOTHING_NEW, Applied
from crdt.contribution import Batch, Contribution, acknowledgements
from crdt.document import Document
from crdt.envelope import stateless
from crdt.errors import MalformedMessage, NoteFull, ProtocolError
from crdt.generation import Generation
from crdt.messages import AwarenessUpdate, Message, QueryAwareness, SyncStep1, SyncStep2, Update, decode
from crdt.outbox import Outbox, Outgoing
from crdt.presence import AwarenessLimits, Presence
from crdt.session import Session
from crdt.text import Edit
from crdt.trials import Trial, Trials
from crdt.unstored import Unstored
from crdt.updates import EMPTY, only_deletes

MAX_NOTE_BYTES = 64 * 1024 * 1024
"""The default size limit of a note."""


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
        self.trials = Trials()
        """What is to be tried elsewhere before it is applied; ``tried`` says how it went."""
        self._max_note_bytes = max_note_bytes
        self._sessions: dict[Session, None] = {}
        self._outbox = Outbox()
        self._turn: list[Contribution] = []
        self._waited_for: dict[Session, None] = {}
        self._answers = Answers(document)

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
            self._waited_for.pop(session, None)
            self.presence.leave(session, now)

    def receive(self, session: Session, frame: bytes, now: float) -> None:
        """Take a frame, the payload of a binary message, at a time in seconds from a clock that does not go back.

        A frame that must be refused becomes ``session.error``; nobody else notices.
        """
        if session.error is not None:
            return
        try:
            if self.trials and session in self.trials:
                self.trials.hold(session, frame)
            else:
                self._handle_all(session, decode(frame), now)
        except ProtocolError as error:
            session.refuse(error)

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
            self._change(session, Update(trial.update), tried=True)
            self._handle_all(session, trial.rest(gone=session not in self._sessions), now)
        except ProtocolError as refused:
            session.refuse(refused)

    def _handle(self, session: Session, message: Message, now: float) -> None:
        if isinstance(message, Update | SyncStep2):
            self._change(session, message)
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
        session.synced = True

    def _change(self, session: Session, message: Update | SyncStep2, tried: bool = False) -> None:
        answers = isinstance(message, SyncStep2)
        if answers:
            session.asked = session.greeted = False
        # Who may only read still answers a step 1: what it says is taken when none of it is new.
        if session.read_only and not (answers and self.document.has(message.update)):
            for frame in session.refusal():
                self._outbox.send(frame, session)
        else:
            self._edit(session, message.update, tried, answers)

    def _edit(self, session: Session, update: bytes, tried: bool, answers: bool) -> None:
        if update == EMPTY:
            if session.counts_changes:
                session.unstored += 1
                self._turn.append(Contribution(session, EMPTY, EMPTY, EMPTY))
            return
        self.generation.check_update(update)
        self._check_size(0 if only_deletes(update) else len(update))
        fresh, seen, unusual = self.document.examine(update)
        if unusual is not None and not tried:
            self.trials.begin(session, update)
            return
        self._answers.forget()
        applied = self.document.take(fresh, seen)
        if applied.missing:
            self._ask(session)
        if only_deletes(update) and applied == NOTHING_NEW and not session.counts_changes:
            # The usual answer to a step 1 from a client that was up to date.
            return
        self._turn.append(self._taken(session, update, fresh, applied, answers or tried))

    def edit(self, edits: Sequence[Edit]) -> Contribution | None:
        """Edit the text here, for nobody in particular; nothing when that changes nothing.

        It is stored once a batch that has this contribution is.

        Raises:
            NoteFull: the note would become too large. Nothing was changed.
            NotPlainText: the document does not allow it. Nothing was changed.
        """
        self._check_size(sum(len(edit.text.encode()) for edit in edits))
        update = self.document.edit(edits)
        if update == EMPTY:
            return None
        self._answers.forget()
        contribution = Contribution(None, update, update, update)
        self._turn.append(contribution)
        return contribution

    def _check_size(self, growth: int) -> None:
        room_left = self._max_note_bytes - growth
        if self.document.size <= room_left or not growth:
            return
        self.document.encode()
        if self.document.size > room_left:
            raise NoteFull(f"The note has reached its limit of {self._max_note_bytes} bytes: no more edits are taken.")

    def _ask(self, session: Session) -> None:
        self._waited_for[session] = None
        if not session.asked:
            session.asked = True
            self._outbox.send(SyncStep1(self.document.state_vector()).encode(), session)

    def _taken(self, sender: Session, update: bytes, fresh: bytes, applied: Applied, again: bool) -> Contribution:
        sender.unstored += 1
        waited = tuple(other for other in self._sessions if other.credulous and other is not sender) if again else ()
        if applied.released:
            waited += tuple(other for other in self._waited_for if other not in (sender, *waited))
            if self.document.waiting is None:
                self._waited_for.clear()
        new = applied.released or applied.missing or applied.ready != EMPTY
        return Contribution(sender, update, applied.ready, fresh if new else EMPTY, waited)

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

    def end_turn(self) -> None:
        """Send on what came in since the last call: one frame for all. InvalidUpdate: it cannot be stored."""
        self._answers.end_turn()
        changes = self.presence.take_changes()
        if changes is not None:
            self._outbox.send_to(self.sessions, AwarenessUpdate(changes).encode())
        if self._turn:
            turn, self._turn = self._turn, []
            self._answers.forget()
            self._outbox.broadcast(turn, self._sessions)
            self.unstored.add(turn, checked=self.document.waiting is not None)

    def frames(self) -> list[Outgoing]:
        """Take the frames that are to be sent, in order."""
        return self._outbox.take()

    def take_batch(self) -> Batch | None:
        """Take what is to be stored next; nothing when everything is stored or on its way."""
        return self.unstored.take()

    def discard(self) -> None:
        """Forget what was not handed over yet: nobody is sent it, and it is not stored."""
        self._turn, self._outbox = [], Outbox()
        self.unstored.clear()
        self.trials.clear()

    def stored(self, batch: Batch) -> None:
        """Acknowledge a batch, after its commit, to everybody who sent a part of it."""
        for session, own, others in acknowledgements(batch):
            session.unstored -= len(own)
            if session in self._sessions:
                for frame in session.acknowledgement(own, others):
                    self._outbox.send(frame, session)
