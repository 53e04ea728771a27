"""One client on one document."""

from collections.abc import Sequence

from crdt.envelope import REFUSED, STORED
from crdt.errors import ProtocolError, ReadOnly
from crdt.merge import merge
from crdt.messages import PermissionDenied, Update


class Session:
    """What a room knows of a y-websocket client. The server puts its own handle for the connection into ``peer``."""

    __slots__ = (
        "asked",
        "error",
        "forgiven",
        "greeted",
        "peer",
        "read_only",
        "sender",
        "synced",
        "unstored",
        "warned",
        "who",
    )

    counts_changes = False
    """Whether each change is acknowledged by itself, even one that brings nothing."""
    takes_stateless = False
    """Whether it understands stateless messages."""

    def __init__(self, peer: object = None) -> None:
        self.peer = peer
        """The connection, opaque here."""
        self.who: object = None
        """Whose it is, opaque here, too."""
        self.sender = ""
        """Who it is, for the record of what is being done: ``token …`` or ``address …``."""
        self.synced = False
        """Whether it got the document (its step 1 was answered), and so gets every update from then on."""
        self.asked = False
        """Whether it was asked, and has not answered yet, for what is missing before its last update."""
        self.greeted = False
        """Whether it was asked what it has, and has not answered yet."""
        self.unstored = 0
        """How many changes of it are not acknowledged yet."""
        self.read_only = False
        """Whether what it writes is refused."""
        self.forgiven = False
        """Whether writing without being allowed to is not a reason to close it: it was closed for that before."""
        self.warned = False
        """Whether it was told that it may not write."""
        self.error: ProtocolError | None = None
        """Why it must be closed, once it must. Nothing is taken from it then."""

    @property
    def credulous(self) -> bool:
        """Whether its own content, sent by somebody else, would look like an acknowledgement to it, and be none.

        Whoever comes back brings what others wrote, too, which a crash may have lost or the store does not have yet.
        """
        return self.synced and (self.greeted or self.unstored > 0)

    def refuse(self, error: ProtocolError) -> None:
        """Take nothing more from this client; the first reason stands."""
        self.error = self.error or error

    def refusal(self) -> list[bytes]:
        """Give the frames that say that a change was not taken; once is enough for a client that only warns.

        Raises:
            ReadOnly: it must be closed, so that whoever looks at it notices.
        """
        if not self.forgiven:
            raise ReadOnly
        first, self.warned = not self.warned, True
        return [PermissionDenied(ReadOnly().reason).encode()] if first else []

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
    credulous = False

    def refusal(self) -> list[bytes]:
        """Give the frame that says so for each change: what is not taken stays unsynced there."""
        self.warned = True
        return [REFUSED]

    def acknowledgement(self, own: Sequence[bytes], others: Sequence[bytes]) -> list[bytes]:
        """Give one frame for each change, and before them what it was not sent yet."""
        held_back = [Update(merge(others)).encode()] if others else []
        return held_back + [STORED] * len(own)
