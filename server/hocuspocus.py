"""A Hocuspocus client: one connection, any number of documents, each named in every message."""

import asyncio
import logging

from starlette.websockets import WebSocket

from crdt.envelope import PING, PONG, Envelope, Kind, authenticated, closed, denied, open_envelope, read_credentials
from crdt.errors import NoteGone, OldGeneration, ProtocolError, TooMuchWaiting, TryAgainLater, UnsupportedData
from crdt.session import HocuspocusSession
from server.address import BadAddress, parse_document_name
from server.connection import Connection
from server.hosted import HostedNote, NoteUnavailable
from server.hub import Hub
from server.peer import Frame, Peer
from stores.errors import StoreError

logger = logging.getLogger("routa")

MAX_DOCUMENTS = 100
"""How many documents one connection may have open."""
_PONG = Frame(PONG)


async def serve_documents(websocket: WebSocket, hub: Hub, max_backlog: int) -> None:
    """Serve a client until it leaves."""
    await _DocumentsConnection(websocket, hub, max_backlog).run()


class _DocumentsConnection(Connection):
    """The socket, and the documents that are attached to it, by their addresses."""

    def __init__(self, websocket: WebSocket, hub: Hub, max_backlog: int) -> None:
        super().__init__(websocket, max_backlog)
        self.hub = hub
        self.max_waiting = max_backlog
        self._attached: dict[bytes, _Attachment] = {}

    def received(self, message: bytes | str) -> None:
        try:
            self._take(message)
        except ProtocolError as error:
            self.fail(error)

    def fail(self, error: ProtocolError) -> None:
        """Close the whole connection."""
        logger.info("Closed a Hocuspocus connection: %d %s", error.code, error.reason)
        self.peer.close(error)

    def _take(self, message: bytes | str) -> None:
        if isinstance(message, str):
            raise UnsupportedData
        if message == PING:
            self.peer.deliver(_PONG)
        elif message != PONG:
            self._hand_over(open_envelope(message))

    def _hand_over(self, envelope: Envelope) -> None:
        attachment = self._attached.get(envelope.address)
        if envelope.kind is Kind.CLOSE:
            if attachment is not None:
                self.detach(attachment)
            return
        if attachment is None:
            if len(self._attached) >= MAX_DOCUMENTS:
                raise TooMuchWaiting(f"One connection may have at most {MAX_DOCUMENTS} documents open.")
            attachment = self._attached[envelope.address] = _Attachment(self, envelope)
        attachment.receive(envelope)

    def detach(self, attachment: "_Attachment") -> None:
        """Let go of a document."""
        if self._attached.get(attachment.address) is attachment:
            del self._attached[attachment.address]
            attachment.end()

    def left(self) -> None:
        for attachment in list(self._attached.values()):
            self.detach(attachment)


class _Attachment:
    """One document on a connection. What comes before the document is loaded waits, within a limit."""

    def __init__(self, connection: _DocumentsConnection, first: Envelope) -> None:
        self.address = first.address
        self._name = first.name
        self._connection = connection
        self._session = HocuspocusSession(_DocumentPeer(connection, self))
        self._waiting: list[Envelope] = []
        self._waiting_bytes = 0
        self._note: HostedNote | None = None
        self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        try:
            self._note = await self._connection.hub.open(parse_document_name(self._name))
        except (BadAddress, NoteUnavailable) as error:
            self.deliver(denied(str(error)))
            self._connection.detach(self)
        except StoreError as error:
            self._connection.fail(TryAgainLater(str(error)))
        else:
            try:
                self._start(self._note)
            except ProtocolError as error:
                self._connection.fail(error)

    def _start(self, note: HostedNote) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting[0].kind is Kind.AUTH:
            self._authenticate(waiting.pop(0))
        self._connection.hub.join(note, self._session)
        for envelope in waiting:
            self.receive(envelope)

    def receive(self, envelope: Envelope) -> None:
        """Take a message about this document.

        Raises:
            ProtocolError: the connection must be closed.
        """
        if self._note is None:
            self._wait(envelope)
        elif envelope.kind is Kind.AUTH:
            self._authenticate(envelope)
        elif envelope.kind is Kind.STATELESS:
            self._connection.hub.pass_on(self._note, self._session, envelope.payload)
        else:
            self._connection.hub.receive(self._note, self._session, envelope.message)
            if self._session.error is not None:
                self.close(self._session.error)

    def _wait(self, envelope: Envelope) -> None:
        self._waiting_bytes += len(envelope.message)
        if self._waiting_bytes > self._connection.max_waiting:
            raise TooMuchWaiting
        self._waiting.append(envelope)

    def _authenticate(self, envelope: Envelope) -> None:
        read_credentials(envelope.payload)
        self.deliver(authenticated())

    def deliver(self, message: bytes) -> None:
        """Send a message about this document."""
        self._connection.peer.deliver(Frame(self.address + message))

    def close(self, error: ProtocolError) -> None:
        """Close the document alone where its note is the reason; else the connection, so that all is synced anew."""
        if isinstance(error, NoteGone | OldGeneration):
            self.deliver(closed(error.reason))
            self._connection.detach(self)
        else:
            self._connection.fail(error)

    def end(self) -> None:
        """Leave the note."""
        self._opening.cancel()
        if self._note is not None:
            self._connection.hub.leave(self._note, self._session)
            self._connection.hub.release(self._note)
            self._note = None


class _DocumentPeer:
    """A document's end of the connection."""

    def __init__(self, connection: _DocumentsConnection, attachment: _Attachment) -> None:
        self._peer: Peer = connection.peer
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
