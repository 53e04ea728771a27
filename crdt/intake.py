"""The edits that come into a room: from a client's update, or a change made here, to what a turn brought."""

from collections.abc import Sequence

from crdt.answers import Answers
from crdt.applied import NOTHING_NEW, Applied
from crdt.contribution import Contribution
from crdt.document import Document
from crdt.errors import NoteFull
from crdt.generation import Generation
from crdt.messages import SyncStep1, SyncStep2, Update
from crdt.outbox import Outbox
from crdt.session import Session
from crdt.text import Edit
from crdt.trials import Trials
from crdt.updates import EMPTY, only_deletes

MAX_NOTE_BYTES = 64 * 1024 * 1024
"""The default size limit of a note."""
_HEAD = len(Update.prefix) + 1
"""How many bytes stand before a short update in its frame."""
_SHORT = 0x80


class Intake:
    """Takes edits into a document, or refuses them."""

    def __init__(
        self, document: Document, generation: Generation, max_note_bytes: int, outbox: Outbox, answers: Answers
    ) -> None:
        self.trials = Trials()
        """What is to be tried elsewhere before it is applied."""
        self.turn: list[Contribution] = []
        """What came in since the last turn ended."""
        self._document = document
        self._generation = generation
        self._max_note_bytes = max_note_bytes
        self._outbox = outbox
        self._answers = answers
        self._waited_for: dict[Session, None] = {}

    def type(self, session: Session, frame: bytes) -> bool:
        """Take a frame that is one run of typed text, without native code; whether it is one."""
        size = len(frame) - _HEAD
        if not 0 < size < _SHORT or frame[_HEAD - 1] != size or not frame.startswith(Update.prefix):
            return False
        if session.read_only or self.trials or not self._generation.first or not self._has_room(size):
            return False
        update = self._document.type(frame[_HEAD:])
        if update is None:
            return False
        self._answers.forget()
        self.turn.append(Contribution(session, update, update, update))
        return True

    def change(self, session: Session, message: Update | SyncStep2, tried: bool = False) -> None:
        """Take what a client says has changed, or what it answers; raises ProtocolError."""
        answers = isinstance(message, SyncStep2)
        if answers:
            session.asked = session.greeted = False
        # Who may only read still answers a step 1: what it says is taken when none of it is new.
        if session.read_only and not (answers and self._document.has(message.update)):
            for frame in session.refusal():
                self._outbox.send(frame, session)
        else:
            self._take(session, message.update, tried)

    def _take(self, session: Session, update: bytes, tried: bool) -> None:
        if update == EMPTY:
            if session.counts_changes:
                self.turn.append(Contribution(session, EMPTY, EMPTY, EMPTY))
            return
        self._generation.check_update(update)
        self._check_size(0 if only_deletes(update) else len(update))
        fresh, seen, unusual = self._document.examine(update)
        if unusual is not None and not tried:
            self.trials.begin(session, update)
            return
        self._answers.forget()
        applied = self._document.take(fresh, seen)
        if applied.missing:
            self._ask(session)
        if only_deletes(update) and applied == NOTHING_NEW and not session.counts_changes:
            # The usual answer to a step 1 from a client that was up to date.
            return
        self.turn.append(self._contribution(session, update, fresh, applied))

    def _ask(self, session: Session) -> None:
        self._waited_for[session] = None
        if not session.asked:
            session.asked = True
            self._outbox.send(SyncStep1(self._document.state_vector()).encode(), session)

    def _contribution(self, session: Session, update: bytes, fresh: bytes, applied: Applied) -> Contribution:
        waited: tuple[Session, ...] = ()
        if applied.released:
            waited = tuple(other for other in self._waited_for if other is not session)
            if self._document.waiting is None:
                self._waited_for.clear()
        new = applied.released or applied.missing or applied.ready != EMPTY
        return Contribution(session, update, applied.ready, fresh if new else EMPTY, waited)

    def edit(self, edits: Sequence[Edit]) -> Contribution | None:
        """Edit the text here, for nobody in particular; nothing when that changes nothing.

        Raises:
            NoteFull: the note would become too large. Nothing was changed.
            NotPlainText: the document does not allow it. Nothing was changed.
        """
        self._check_size(sum(len(edit.text.encode()) for edit in edits))
        update = self._document.edit(edits)
        if update == EMPTY:
            return None
        self._answers.forget()
        contribution = Contribution(None, update, update, update)
        self.turn.append(contribution)
        return contribution

    def _has_room(self, growth: int) -> bool:
        return self._document.size <= self._max_note_bytes - growth

    def _check_size(self, growth: int) -> None:
        if not growth or self._has_room(growth):
            return
        self._document.encode()
        if not self._has_room(growth):
            raise NoteFull(f"The note has reached its limit of {self._max_note_bytes} bytes: no more edits are taken.")

    def forget(self, session: Session) -> None:
        """A client has left: it waits for nothing."""
        self._waited_for.pop(session, None)

    def take_turn(self) -> list[Contribution]:
        """End the turn; give what it brought."""
        turn, self.turn = self.turn, []
        return turn

    def clear(self) -> None:
        """Forget what the turn has brought, and what was to be tried."""
        self.turn = []
        self.trials.clear()
