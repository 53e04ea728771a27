"""A Hocuspocus client: one connection, any number of documents, each named in every message."""

import asyncio
import logging
from dataclasses import replace

from starlette.websockets import WebSocket

from crdt.envelope import PING, PONG, Envelope, Kind, open_envelope
from crdt.errors import AuthenticationTimeout, ProtocolError, TooMuchWaiting, UnsupportedData
from server.attachment import Attachment
from server.connection import Connection, refuse
from server.hooks import Connection as Visitor
from server.hooks import Refused
from server.peer import Frame
from server.service import Service
from server.visitor import visitor

logger = logging.getLogger("routa")

_PONG = Frame(PONG)


async def serve_documents(websocket: WebSocket, service: Service) -> None:
    """Serve a client until it leaves."""
    coming = visitor("hocuspocus", websocket)
    try:
        await service.hooks.connecting(coming)
    except Refused as error:
        await refuse(websocket, error.status, str(error))
    else:
        websocket.scope["headers"] = []
        if not service.hooks.authorize_anybody:  # nobody reads the head again, and it takes 1 to 3 KiB
            coming = replace(coming, headers={})
        await _DocumentsConnection(websocket, service, coming).run()


class _DocumentsConnection(Connection):
    """The socket, and the documents that are attached to it, by their addresses."""

    protocol = "hocuspocus"

    def __init__(self, websocket: WebSocket, service: Service, coming: Visitor) -> None:
        settings = service.settings
        super().__init__(websocket, settings.max_queue_bytes)
        self.hub = service.hub
        self.gate = service.gate
        self.hooks = service.hooks
        self.visitor = coming
        self._watch = service.watch
        self.max_waiting = settings.max_queue_bytes
        self._max_documents = settings.max_documents
        self._patience = settings.auth_seconds
        self._bytes_left: int | None = settings.max_unauthenticated_bytes
        self._deadline: asyncio.TimerHandle | None = None
        self._attached: dict[bytes, Attachment] = {}

    def joined(self) -> None:
        self._deadline = asyncio.get_running_loop().call_later(
            self._patience, self.fail, AuthenticationTimeout(f"No valid token was shown within {self._patience:g} s.")
        )
        self._watch.add(self)

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
        if self._bytes_left is not None:
            self._bytes_left -= len(message)
            if self._bytes_left < 0:
                raise TooMuchWaiting("Too much was sent before a valid token was shown.")
        if message == PING:
            self.peer.deliver(_PONG)
        elif message != PONG:
            self._hand_over(open_envelope(message))

    def check_waiting(self) -> None:
        """Make sure that not too much waits for documents to be opened; raises TooMuchWaiting."""
        if sum(attachment.waiting_bytes for attachment in self._attached.values()) > self.max_waiting:
            raise TooMuchWaiting

    def admitted(self, subject: str) -> None:
        """Lift the limits for strangers, and count for who it is."""
        self.known_as(subject)
        self._bytes_left = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _hand_over(self, envelope: Envelope) -> None:
        attachment = self._attached.get(envelope.address)
        if envelope.kind is Kind.CLOSE:
            if attachment is not None:
                self.detach(attachment)
            return
        if attachment is None:
            if len(self._attached) >= self._max_documents:
                raise TooMuchWaiting(f"One connection may have at most {self._max_documents} documents open.")
            attachment = self._attached[envelope.address] = Attachment(self, envelope)
        attachment.receive(envelope)

    def detach(self, attachment: Attachment) -> None:
        """Let go of a document."""
        if self._attached.get(attachment.address) is attachment:
            del self._attached[attachment.address]
            attachment.end()

    def recheck(self) -> None:
        """Look whether the tokens of all documents still hold."""
        for attachment in tuple(self._attached.values()):
            attachment.recheck()

    def left(self) -> None:
        self._watch.remove(self)
        if self._deadline is not None:
            self._deadline.cancel()
        for attachment in list(self._attached.values()):
            self.detach(attachment)
