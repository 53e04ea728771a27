"""Updates that are being tried elsewhere before they are applied, and the frames that wait behind them.

What a client sends stays in order: while one of its updates is tried, what it sends meanwhile waits. Everybody else
goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from crdt.errors import TooMuchWaiting
from crdt.messages import Message, SyncStep2, Update, decode
from crdt.session import Session

MAX_HELD = 1024 * 1024
"""How many bytes one client may send while an update of it is tried."""


@dataclass(eq=False, slots=True)
class Trial:
    """An update that is to be tried, and what its sender sent behind it."""

    session: Session
    update: bytes
    """The update, as it was sent."""
    messages: Iterator[Message] = field(default_factory=lambda: iter(()))
    """What followed in the same frame."""
    frames: list[bytes] = field(default_factory=list)
    held: int = 0
    """How many bytes of frames are held."""

    def rest(self, gone: bool) -> Iterator[Message]:
        """Read what was held back, in order; of a client that has gone meanwhile, only its edits.

        Raises:
            MalformedMessage: a frame is broken. The messages before that have been given by then.
        """
        messages = chain(self.messages, chain.from_iterable(map(decode, self.frames)))
        return (message for message in messages if not gone or isinstance(message, Update | SyncStep2))


class Trials:
    """The trials of one note, at most one a client."""

    def __init__(self) -> None:
        self._on: dict[Session, Trial] = {}
        self._new: list[Trial] = []

    def __contains__(self, session: Session) -> bool:
        return session in self._on

    def __bool__(self) -> bool:
        return bool(self._on)

    @property
    def due(self) -> bool:
        """Whether there are trials that nobody has taken yet."""
        return bool(self._new)

    def begin(self, session: Session, update: bytes) -> None:
        """Hold a client back until an update of it was tried."""
        trial = self._on[session] = Trial(session, update)
        self._new.append(trial)

    def hold_rest(self, session: Session, messages: Iterator[Message]) -> None:
        """Hold back what follows in the frame that had the update."""
        self._on[session].messages = messages

    def hold(self, session: Session, frame: bytes) -> None:
        """Hold back a frame of a client that is held back.

        Raises:
            TooMuchWaiting: it has sent too much meanwhile.
        """
        trial = self._on[session]
        trial.held += len(frame)
        if trial.held > MAX_HELD:
            self.end(trial)
            raise TooMuchWaiting("Too much was sent while an unusual edit was being looked at.")
        trial.frames.append(frame)

    def take(self) -> list[Trial]:
        """Hand out the trials that have come since the last call."""
        new, self._new = self._new, []
        return new

    def end(self, trial: Trial) -> bool:
        """Hold its sender back no more; whether it was held back for this."""
        if self._on.get(trial.session) is not trial:
            return False
        del self._on[trial.session]
        return True

    def clear(self) -> None:
        """Forget all trials: what they are about was not applied, and never will be."""
        self._on.clear()
        self._new.clear()
