"""One document on a Hocuspocus connection, from its first message to its last."""

import asyncio
from typing import Protocol

from crdt.envelope import ASK_FOR_TOKEN, Envelope, Kind, authenticated, closed, denied, read_credentials
from crdt.errors import NoteGone, OldGeneration, ProtocolError, ResetConnection, TryAgainLater
from crdt.session import HocuspocusSession
from server.access import Access, Identity
from server.address import BadAddress, parse_document_name
from server.auth.errors import Refused
from server.auth.gate import Gate
from server.culprit import sender_of
from server.hookrunner import HookRunner
from server.hooks import Connection
from server.hosted import HostedNote, NoteUnavailable
from server.hub import Hub
from server.messenger import Messenger
from server.peer import Frame, Peer
from stores.errors import NotFound, StoreError

RENEWAL = 30.0
"""How long before its token expires a client is asked for another one, in seconds."""


class Carrier(Protocol):
    """The connection that a document is on."""

    hub: Hub
    gate: Gate
    hooks: HookRunner
    visitor: Connection
    peer: Peer
    max_waiting: int
    """How many bytes of stateless messages of a document may wait for the hooks."""

    def admitted(self, subject: str) -> None:
        """Say that the client has shown a token that is good for something, and whose it is."""

    def fail(self, error: ProtocolError) -> None:
        """Close the whole connection."""

    def check_waiting(self) -> None:
        """Make sure that not too much waits in all documents together; raises TooMuchWaiting."""

    def detach(self, attachment: "Attachment") -> None:
        """Let go of a document."""


class Attachment:
    """A document that a client wants to use, uses, or is not let into.

    What comes before the client is let in waits, within a limit; so a client that is denied may show another token, and
    goes on with what it sent.
    """

    def __init__(self, carrier: Carrier, first: Envelope) -> None:
        self.address = first.address
        self._name = first.name
        self._carrier = carrier
        self._session = self._new_session()
        self._waiting: list[Envelope] = []
        self.waiting_bytes = 0
        """How much was sent before the document was open."""
        self._note: HostedNote | None = None
        self._identity: Identity | None = None
        self._opening: asyncio.Task[None] | None = None
        self._messenger = Messenger(carrier.hooks, self._pass_on, self.deliver, self._deny, carrier.max_waiting)
        self._asked = False
        self._was_in = False

    def _new_session(self) -> HocuspocusSession:
        return HocuspocusSession(_DocumentPeer(self._carrier, self))

    def receive(self, envelope: Envelope) -> None:
        """Take a message about this document.

        Raises:
            ProtocolError: the connection must be closed.
        """
        if envelope.kind is Kind.AUTH:
            self._begin(read_credentials(envelope.payload).token)
        elif self._note is None:
            self._wait(envelope)
            if self._opening is None:  # it has no token to show
                self._begin(None)
        elif envelope.kind is not Kind.STATELESS:
            self._carrier.hub.receive(self._note, self._session, envelope.message)
            if self._session.error is not None:
                self.close(self._session.error)
        elif not self._session.read_only and self._identity is not None:
            self._messenger.take(envelope.payload, self._note.key, self._identity)

    def _pass_on(self, payload: bytes) -> None:
        if self._note is not None:
            self._carrier.hub.pass_on(self._note, self._session, payload)

    def _wait(self, envelope: Envelope) -> None:
        self.waiting_bytes += len(envelope.message)
        self._waiting.append(envelope)
        self._carrier.check_waiting()

    def _begin(self, token: str | None) -> None:
        """Look at a token; one that came before it does not count any more."""
        if self._opening is not None:
            self._opening.cancel()
        self._opening = asyncio.create_task(self._open(token))

    async def _open(self, token: str | None) -> None:
        try:
            key = parse_document_name(self._name)
            identity = await self._carrier.gate.admit(token, key, self._carrier.visitor)
            self._carrier.admitted(identity.subject)
            may_write = identity.access_to(*key) >= Access.WRITE
            if self._note is None:
                self._note = await self._carrier.hub.open(key, create=may_write, client=True)
                self._session = self._new_session()
        except (Refused, BadAddress, NoteUnavailable, NotFound) as error:
            self._deny(str(error))
        except StoreError as error:
            self._carrier.fail(TryAgainLater(str(error)))
        else:
            if self._begins_anew(self._note, may_write):
                self._carrier.fail(ResetConnection())
                return
            self._let_in(identity, may_write)
            if token is not None:  # a client that shows none does not wait for an answer
                self.deliver(authenticated(read_only=not may_write))
            if self._session not in self._note.room.sessions:
                self._start(self._note)

    def _begins_anew(self, note: HostedNote, may_write: bool) -> bool:
        """Whether changes of this client were refused or left without an answer: only a new connection sends them."""
        if self._session in note.room.sessions:
            return may_write and self._session.read_only and self._session.warned
        return self._was_in

    def _let_in(self, identity: Identity, may_write: bool) -> None:
        if self._identity is None or self._identity.expires_at != identity.expires_at:
            self._asked = False
        self._identity = self._session.who = identity
        self._session.read_only = not may_write
        self._session.sender = sender_of(identity, self._carrier.visitor.client)

    def _start(self, note: HostedNote) -> None:
        self._carrier.hub.join(note, self._session)
        waiting, self._waiting, self.waiting_bytes = self._waiting, [], 0
        try:
            for envelope in waiting:
                self.receive(envelope)
        except ProtocolError as error:
            self._carrier.fail(error)
        self._was_in = True

    def _deny(self, reason: str) -> None:
        self._leave()
        self.deliver(denied(reason))

    def recheck(self) -> None:
        """Deny or demote a client whose token does not hold any more, and ask for another one before that."""
        if self._note is None or self._identity is None:
            return
        try:
            access = self._carrier.gate.current(self._identity, self._note.key)
        except Refused as error:
            self._deny(str(error))
            return
        read_only = access < Access.WRITE
        if read_only is not self._session.read_only:
            self._session.read_only = read_only
            self.deliver(authenticated(read_only))
        if not self._asked and self._carrier.gate.seconds_left(self._identity) < RENEWAL:
            self._asked = True
            self.deliver(ASK_FOR_TOKEN)

    def deliver(self, message: bytes) -> None:
        """Send a message about this document."""
        self._carrier.peer.deliver(Frame(self.address + message))

    def close(self, error: ProtocolError) -> None:
        """Close the document alone where its note is the reason; else the connection, so that all is synced anew."""
        if isinstance(error, NoteGone | OldGeneration):
            self.deliver(closed(error.reason))
            self._carrier.detach(self)
        else:
            self._carrier.fail(error)

    def end(self) -> None:
        """Leave the note, for good."""
        if self._opening is not None:
            self._opening.cancel()
        self._leave()

    def _leave(self) -> None:
        self._messenger.close()
        if self._note is not None:
            self._carrier.hub.leave(self._note, self._session)
            self._carrier.hub.release(self._note)
            self._note = None


class _DocumentPeer:
    """A document's end of the connection."""

    def __init__(self, carrier: Carrier, attachment: Attachment) -> None:
        self._peer = carrier.peer
        self._attachment = attachment

    @property
    def quiet(self) -> bool:
        """Whether nothing was sent on the connection, for any document, since this was last set."""
        return self._peer.quiet

    @quiet.setter
    def quiet(self, value: bool) -> None:
        self._peer.quiet = value

    def deliver(self, frame: Frame) -> None:
        """Send a message behind the document's address."""
        self._peer.deliver(frame.addressed(self._attachment.address))

    def close(self, error: ProtocolError) -> None:
        """Close the document, or the connection."""
        self._attachment.close(error)
