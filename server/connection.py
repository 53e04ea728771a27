"""One WebSocket on one note, from the handshake to the end."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from crdt.errors import ProtocolError, UnsupportedData
from crdt.session import Session
from server.address import BadAddress, parse_note_path
from server.hosted import HostedNote, NoteUnavailable
from server.hub import Hub
from server.peer import SLOW_READER, Backlog, Frame, Peer
from server.websocket import EXTENSION, NotesWebSocketProtocol
from stores.errors import StoreError

logger = logging.getLogger("routa")

PREFIX = b"/ws/"


async def serve_note(websocket: WebSocket, hub: Hub, max_backlog: int) -> None:
    """Put a client on the note that its URL names, until it leaves.

    The note is loaded before the upgrade: a client that cannot be served is refused with an HTTP status and a sentence,
    and backs off.
    """
    try:
        key = parse_note_path(_raw_path(websocket).removeprefix(PREFIX))
        hosted = await hub.open(key)
    except BadAddress as error:
        await _refuse(websocket, 400, str(error))
        return
    except (StoreError, NoteUnavailable) as error:
        await _refuse(websocket, 503, str(error))
        return
    try:
        await _Connection(websocket, hub, hosted, max_backlog).run()
    finally:
        hub.release(hosted)


def _raw_path(websocket: WebSocket) -> bytes:
    raw: bytes = websocket.scope["raw_path"]
    return raw.partition(b"?")[0]


async def _refuse(websocket: WebSocket, status: int, sentence: str) -> None:
    await websocket.send_denial_response(JSONResponse({"error": sentence}, status_code=status))


class _Connection:
    """A client that is being served."""

    def __init__(self, websocket: WebSocket, hub: Hub, hosted: HostedNote, max_backlog: int) -> None:
        self._websocket = websocket
        self._hub = hub
        self._hosted = hosted
        protocol: NotesWebSocketProtocol | None = websocket.scope.get("extensions", {}).get(EXTENSION)
        self._sending: Callable[[], Coroutine[Any, Any, None]] | None = None
        if protocol is None:
            queued = QueuedPeer(websocket, max_backlog)
            self._peer: Peer = queued
            self._sending = queued.run
        else:
            self._peer = protocol
            protocol.attach(self._receive, max_backlog)
        self._session = Session(self._peer)

    async def run(self) -> None:
        sending = None if self._sending is None else asyncio.create_task(self._sending())
        try:
            await self._websocket.accept()
            self._hub.join(self._hosted, self._session)
            await self._read()
        except WebSocketDisconnect:
            pass
        finally:
            self._hub.leave(self._hosted, self._session)
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
            self._receive("" if binary is None else binary)

    def _receive(self, message: bytes | str) -> None:
        if isinstance(message, str):
            self._session.refuse(UnsupportedData())
        else:
            self._hub.receive(self._hosted, self._session, message)
        error: ProtocolError | None = self._session.error
        if error is not None:
            logger.info("Closed a connection to %s/%s: %d %s", *self._hosted.key, error.code, error.reason)
            self._peer.close(error.code, error.reason)


class QueuedPeer:
    """A connection on a server other than ours: frames wait for a task that sends them by way of ASGI."""

    def __init__(self, websocket: WebSocket, max_backlog: int) -> None:
        self.quiet = False
        self._websocket = websocket
        self._backlog = Backlog(max_backlog)
        self._closing: tuple[int, str] | None = None
        self._wake = asyncio.Event()

    def deliver(self, frame: Frame) -> None:
        """Queue a frame."""
        self.quiet = False
        if self._closing is None and not self._backlog.add(frame):
            self.close(*SLOW_READER)
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame instead of what is queued."""
        if self._closing is None:
            self._closing = (code, reason)
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
            await self._websocket.close(*self._closing)
