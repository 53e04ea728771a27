"""Frames that are to be sent, and to whom, in order."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from crdt.contribution import Contribution, by_sender, for_senders
from crdt.merge import merge
from crdt.messages import Update
from crdt.session import Session


class Outgoing(NamedTuple):
    """A frame and who gets it."""

    frame: bytes
    receivers: Sequence[Session]


class Outbox:
    """What one note has to send."""

    def __init__(self) -> None:
        self._outgoing: list[Outgoing] = []

    def send(self, frame: bytes, session: Session) -> None:
        """Send a frame to one client."""
        self.send_to((session,), frame)

    def send_to(self, receivers: Sequence[Session], frame: bytes) -> None:
        """Send a frame to some clients."""
        self._outgoing.append(Outgoing(frame, receivers))

    def broadcast(self, turn: Sequence[Contribution], sessions: Collection[Session]) -> None:
        """Send what came in one turn, merged, to all who are here and synced; to its senders without their own."""
        groups = by_sender(turn)
        if not groups:
            return
        senders = {session for group, _ in groups for session in group}
        everybody = [session for session in sessions if session.synced and session not in senders]
        if everybody:
            self.send_to(everybody, Update(merge([update for _, update in groups])).encode())
        for group, update in for_senders(groups):
            receivers = [session for session in group if session.synced and session in sessions]
            self.send_to(receivers, Update(update).encode())

    def take(self) -> list[Outgoing]:
        """Hand everything over."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing
