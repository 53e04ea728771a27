"""One client on one document."""

from crdt.errors import ProtocolError


class Session:
    """What a room knows of one client. The server puts its own handle for the client's connection into ``peer``."""

    __slots__ = ("asked", "error", "peer", "synced")

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
