"""One WebSocket, from the handshake to the end, whatever it speaks."""

import asyncio
import logging
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from crdt.errors import ProtocolError, SlowReader, TooManyBytes
from server.access import ANYBODY
from server.headers import SECURITY_HEADERS
from server.peer import Backlog, Frame, Peer
from server.rates import Meter, Rates
from server.websocket import EXTENSION, NotesWebSocketProtocol

logger = logging.getLogger("routa")


async def refuse(websocket: WebSocket, status: int, sentence: str) -> None:
    """Refuse the upgrade with an HTTP status and a sentence."""
    await websocket.send_denial_response(JSONResponse({"error": sentence}, status, SECURITY_HEADERS))


async def close(websocket: WebSocket, error: ProtocolError) -> None:
    """Accept a client only to tell it why it is closed."""
    await websocket.accept()
    await websocket.close(error.code, error.reason)


class Connection(ABC):
    """A client that is being served: a protocol says what ``joined``, ``received`` and ``left`` mean."""

    protocol: ClassVar[str]
    """What it speaks."""

    def __init__(self, websocket: WebSocket, max_backlog: int) -> None:
        """Take charge of a WebSocket that was not accepted yet.

        Args:
            websocket: the WebSocket.
            max_backlog: how many bytes may wait for a client that does not read.
        """
        self.subprotocol: str | None = None
        """What the client offered and the handshake answers."""
        self.address = websocket.client.host if websocket.client else None
        self._websocket = websocket
        self._sending: Callable[[], Coroutine[Any, Any, None]] | None = None
        rates: Rates = websocket.scope["state"]["service"].rates
        self._meter: Meter = rates.meter()
        self._too_fast = False
        protocol: NotesWebSocketProtocol | None = websocket.scope.get("extensions", {}).get(EXTENSION)
        if protocol is None:
            queued = QueuedPeer(websocket, max_backlog)
            self.peer: Peer = queued
            self._sending = queued.run
        else:
            self.peer = protocol
            protocol.attach(self.received, max_backlog, self.count)

    def joined(self) -> None:  # noqa: B027 - a protocol that does nothing then need not say so
        """Called once the handshake is done."""

    def known_as(self, subject: str | None) -> None:
        """Count what comes in for a user, too, from now on; None, and who is just anybody, is no user."""
        self._meter.known_as(None if subject == ANYBODY.subject else subject)

    def count(self, size: int) -> None:
        """Count bytes that came in; who sends too many is closed."""
        wait = self._meter.spend(size)
        if wait and not self._too_fast:
            self._too_fast = True
            error = TooManyBytes(f"Too many bytes in a short time: slow down; reconnect in {math.ceil(wait)} seconds.")
            logger.info("Closed a connection: %d %s", error.code, error.reason)
            self.peer.close(error)

    @abstractmethod
    def received(self, message: bytes | str) -> None:
        """Take a message."""

    @abstractmethod
    def left(self) -> None:
        """Called once, at the end."""

    async def run(self) -> None:
        """Serve the client until one side has enough."""
        sending = None if self._sending is None else asyncio.create_task(self._sending())
        open_now = self._websocket.state.service.hub.ward.counters.connections
        open_now[self.protocol] += 1
        try:
            await self._websocket.accept(self.subprotocol)
            self.joined()
            await self._read()
        except WebSocketDisconnect:
            pass
        finally:
            open_now[self.protocol] -= 1
            self.left()
            self._meter.end()
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)

    async def _read(self) -> None:
        """Read what comes by way of ASGI: on the fast path that is only the end."""
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                return
            binary: bytes | None = event.get("bytes")
            self.count(len(binary or ""))
            if not self._too_fast:
                self.received("" if binary is None else binary)


class QueuedPeer:
    """A connection on a server other than ours: frames wait for a task that sends them by way of ASGI."""

    def __init__(self, websocket: WebSocket, max_backlog: int) -> None:
        self.quiet = False
        self._websocket = websocket
        self._backlog = Backlog(max_backlog)
        self._closing: ProtocolError | None = None
        self._wake = asyncio.Event()

    def deliver(self, frame: Frame) -> None:
        """Queue a frame."""
        self.quiet = False
        if self._closing is None and not self._backlog.add(frame):
            self.close(SlowReader())
        self._wake.set()

    def close(self, error: ProtocolError) -> None:
        """Send a close frame instead of what is queued."""
        if self._closing is None:
            self._closing = error
            self._backlog.take()
            self._wake.set()

    async def run(self) -> None:
        """Send what is queued, until closed."""
        while self._closing is None:
            await self._wake.wait()
            self._wake.clear()
            for frame in self._backlog.take():
                await self._websocket.send_bytes(frame.payload)
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._websocket.close(self._closing.code, self._closing.reason)
