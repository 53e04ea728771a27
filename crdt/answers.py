"""Answers to the question of what a client lacks: the same to all who have the same."""

from crdt.document import Document
from crdt.errors import TryAgainLater
from crdt.messages import SyncStep2
from crdt.session import Session

MAX_QUESTIONS = 16
"""How often one client may ask in one turn: each answer may be as large as the note."""


class Answers:
    """What was answered since the document changed last."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._frames: dict[bytes, bytes] = {}
        self._questions: dict[Session, int] = {}

    def forget(self) -> None:
        """Work the answers out anew: the document changes."""
        self._frames.clear()

    def end_turn(self) -> None:
        """Let everybody ask again."""
        self._questions.clear()

    def answer(self, session: Session, state_vector: bytes) -> bytes:
        """Give the frame with what a client lacks.

        Raises:
            InvalidUpdate: the state vector is not well-formed.
            TryAgainLater: the client asks again and again.
        """
        asked = self._questions[session] = self._questions.get(session, 0) + 1
        if asked > MAX_QUESTIONS:
            raise TryAgainLater("This connection asks for the note again and again: reconnect in a moment.")
        frame = self._frames.get(state_vector)
        if frame is None:
            if len(self._frames) >= MAX_QUESTIONS:
                self._frames.clear()
            frame = self._frames[state_vector] = SyncStep2(self._document.difference(state_vector)).encode()
        return frame
