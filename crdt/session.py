"""One client on one document."""

from collections.abc import Sequence

from crdt.envelope import STORED
from crdt.errors import ProtocolError
from crdt.merge import merge
from crdt.messages import Update


class Session:
    """What a room knows of a y-websocket client. The server puts its own handle for the connection into ``peer``."""

    __slots__ = ("asked", "error", "peer", "synced")

    counts_changes = False
    """Whether each change is acknowledged by itself, even one that brings nothing."""
    takes_stateless = False
    """Whether it understands stateless messages."""

    def __init__(self, peer: object = None) -> None:
        self.peer = peer
        """The connection, opaque here."""
        self.synced = False
        """Whether it got the document (its step 1 was answered), and so gets every update from then on."""
        self.asked = False
        """Whether it was asked, and has not answered yet, for what is missing before its last update."""
        self.error: ProtocolError | None = None
        """Why it must be closed, once it must. Nothing is taken from it then."""

    def refuse(self, error: ProtocolError) -> None:
        """Take nothing more from this client; the first reason stands."""
        self.error = self.error or error

    def acknowledgement(self, own: Sequence[bytes], others: Sequence[bytes]) -> list[bytes]:
        """Give the frames that say what is committed.

        Args:
            own: the updates that came from this client.
            others: updates that it was not sent before, since they hang together with its own.
        """
        return [Update(merge([*own, *others])).encode()]


class HocuspocusSession(Session):
    """What a room knows of a Hocuspocus client: it counts its changes until each is said to be stored."""

    __slots__ = ()

    counts_changes = True
    takes_stateless = True

    def acknowledgement(self, own: Sequence[bytes], others: Sequence[bytes]) -> list[bytes]:
        """Give one frame for each change, and before them what it was not sent yet."""
        held_back = [Update(merge(others)).encode()] if others else []
        return held_back + [STORED] * len(own)
