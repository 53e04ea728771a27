"""What an application may have a say in, or be told of: subclass ``Hooks`` and override what you need.

A class is registered by an entry point of the group ``routa_notes.hooks``, or by ``--hooks`` or ``ROUTA_HOOKS``. The
methods run in the server's event loop: await what takes time, and hand work for the processor to a thread. One object
is made of each class, when the server starts.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from server.access import Identity
from server.auth import errors

Protocol = Literal["y-websocket", "hocuspocus", "rest"]


class Refused(errors.Refused):
    """The application does not let you in."""

    # The docstring is the sentence that a client is told when it is given no other.


@dataclass(frozen=True, slots=True)
class Connection:
    """Somebody who comes."""

    protocol: Protocol
    client: str | None
    """The address it comes from; that of the proxy where there is one."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The headers of the request, named in lower case. They may hold secrets: do not log them."""
    workspace: str | None = None
    """The workspace it asks for; None as long as the protocol has not said so."""
    note: str | None = None
    """The note in it."""


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody who shows a token, or none, to get at something."""

    connection: Connection
    """Where it comes from."""
    token: str = field(repr=False)
    """What it shows; empty when it shows nothing. Do not log it."""
    workspace: str | None
    """The workspace it wants to use; None where that is not known yet, as for REST."""
    note: str | None
    """The note in it."""
    identity: Identity | None
    """What the server itself, or a hook before this one, made of the token; None when it is not valid there."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit brought into a note."""

    workspace: str
    note: str
    contributors: tuple[Identity, ...]
    """Whose edits it holds, each once; empty when that is not known."""
    update: bytes = field(repr=False)
    """The edits as one Yjs update (version 1)."""
    read: Callable[[], Awaitable[str]] = field(repr=False)
    """Gives the note's text; see ``text``."""

    async def text(self) -> str:
        """Give the note's text as it is when this is called, which may be later than the change.

        Raises:
            stores.errors.NotFound: the note was deleted meanwhile.
            stores.errors.Unavailable: the store does not answer.
        """
        return await self.read()


@dataclass(frozen=True, slots=True)
class Stateless:
    """A stateless message, which a Hocuspocus client sent for a note."""

    workspace: str
    note: str
    identity: Identity
    """Who sent it."""
    payload: str
    """What it says; the server gives it no meaning."""


class Hooks:
    """The base class; each method does nothing. Several hooks are asked one after the other.

    An exception of ``on_connect``, ``on_authorize`` or ``on_stateless`` refuses that client and nobody else: with its
    sentence when it is ``Refused``, else with a general one, and the traceback goes to the log. Taking longer than
    ``ROUTA_HOOK_SECONDS`` is such an exception.
    """

    async def on_connect(self, connection: Connection) -> None:
        """Called when somebody comes, before anything is opened or a token is looked at.

        For ``y-websocket`` that is before the upgrade, with workspace and note; for Hocuspocus once a connection,
        before the first document; for REST not at all.

        Raises:
            Refused: they must not come in.
        """

    async def on_authorize(self, request: Request) -> Identity | None:
        """Called for each token that is shown, and once where none is.

        Returns:
            Who it is and what they may do, in place of ``request.identity``; or None to leave that as it is. What
            stands after the last hook counts; when that is nobody, the client is refused.

        Raises:
            Refused: they must not come in.
        """

    async def on_change(self, change: Change) -> None:
        """Called after each commit of edits, whoever made them; nobody waits for it, the acknowledgement least of all.

        The changes of one note come in order and one at a time. A hook that cannot keep up misses the oldest ones; what
        was still waiting when the server was killed does not come either. An exception is logged.
        """

    async def on_stateless(self, message: Stateless) -> str | Literal[False] | None:
        """Called with a client's stateless message, before it is sent to the note's other clients.

        Returns:
            A string is sent back to the sender; ``False`` keeps the message from the others, and from the hooks after
            this one; ``None`` does neither.

        Raises:
            Refused: the message is not sent on, and the sender loses the note with this sentence.
        """
