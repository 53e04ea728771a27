"""The fast path: uvicorn's sans-I/O WebSocket protocol, with messages handed over and sent without a task or a queue.

Uvicorn's own class stays in charge of the handshake, control frames and keep-alive. Once a connection has a reader, its
messages go straight to it, and a frame that was encoded once is written to every transport. On any other server the
connection falls back to plain ASGI (see ``server.connection``).
"""

from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame as WebSocketFrame

from crdt.errors import ProtocolError, SlowReader, Stopping
from server.peer import Backlog, Frame
from server.shortframes import ShortFrames
from server.slim import Gate, Mailbox

EXTENSION = "routa.peer"
"""The key in the ASGI scope's extensions under which a connection finds its protocol."""

CLOSE_TIMEOUT = 5.0
"""Seconds that a client has to answer a close frame."""

MAX_EARLY = 128 * 1024
"""Bytes that are taken before the handshake is answered, that of the client included."""

_END_OF_HEAD = b"\r\n\r\n"

WRITE_BUFFER = 256 * 1024
"""Bytes that the transport takes before frames wait in the backlog."""


class NotesWebSocketProtocol(WebSocketsSansIOProtocol):
    """A WebSocket connection with direct reading and writing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = Mailbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]
        self.quiet = False
        self._reader: Callable[[bytes | str], None] | None = None
        self._backlog = Backlog(0)
        self._writing_paused = False
        self._count: Callable[[int], None] = self._count_early
        self._early_bytes = 0
        self._short: ShortFrames | None = ShortFrames()
        self._pong = b""

    def _count_early(self, size: int) -> None:
        """Count what comes before the handshake is answered, when nobody has anything to send."""
        self._early_bytes += size
        if self._early_bytes > MAX_EARLY:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take what came in."""
        if self._reader is None or self._short is None:
            if self.handshake_initiated or not data.endswith(_END_OF_HEAD):
                self._short = None  # frames have begun that this has not seen
            super().data_received(data)
        else:
            self._take(data, self._short)
        if not self.transport.is_closing():
            self._count(len(data))
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def _take(self, data: bytes, short: ShortFrames) -> None:
        """Give short messages to the reader, and everything else to the parser."""
        for message, piece in short.split(data):
            if not message:
                super().data_received(piece)
            elif not self.close_sent and not self.transport.is_closing() and self._reader is not None:
                self._reader(piece)

    def attach(self, reader: Callable[[bytes | str], None], max_backlog: int, count: Callable[[int], None]) -> None:
        """Give messages to a function from now on, instead of queueing them for the ASGI application.

        Args:
            reader: takes a message, bytes for a binary one and a string for a text.
            max_backlog: how many bytes may wait for a client that does not read.
            count: is told how many bytes came in.
        """
        self._reader = reader
        self._count = count
        self._backlog = Backlog(max_backlog)
        if not self.transport.is_closing():  # the client may be gone by the time that its note is loaded
            self.transport.set_write_buffer_limits(high=WRITE_BUFFER)

    async def send(self, message: ASGISendEvent) -> None:
        """Send what the application sends by way of ASGI: the handshake, or its refusal."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            # Nobody reads the heads again, and they would take 2 KiB for as long as the connection is open.
            self.request.headers.clear()
            self.response.headers.clear()
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # uvicorn would log a refusal as a handshake that was forgotten

    def deliver(self, frame: Frame) -> None:
        """Send a frame, now or when the client has read what it was sent before."""
        if self.close_sent or self.disconnected:
            return
        self.quiet = False
        if not self._writing_paused:
            self.transport.write(frame.wire)
        elif not self._backlog.add(frame):
            self.close(SlowReader())

    def close(self, error: ProtocolError) -> None:
        """Send a close frame and wait a while for the client's; what waits in the backlog is dropped."""
        if self.close_sent or self.disconnected or not self.handshake_complete:
            return
        self.conn.send_close(error.code, error.reason)
        self._finish(error.code, error.reason)

    def _finish(self, code: int, reason: str) -> None:
        self._backlog.take()
        self.stop_keepalive()
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        # Reading goes on until the client's close frame: closing a socket with unread data resets it, and the
        # client would never see the code and the reason.
        self.transport.resume_reading()
        self.close_timer = self.loop.call_later(CLOSE_TIMEOUT, self.transport.abort)

    def shutdown(self) -> None:
        """Close because the server stops."""
        if self._reader is None:
            super().shutdown()
        else:
            self.close(Stopping())

    def stop_reading(self) -> None:
        """Take nothing more from the client."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def handle_connect(self, event: Any) -> None:
        """Announce this protocol to the application."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def handle_text(self, event: WebSocketFrame) -> None:
        """Give a text message to the reader."""
        if self._reader is None:
            super().handle_text(event)
        elif not self.close_sent:
            self._reader("")

    def handle_cont(self, event: WebSocketFrame) -> None:
        """Gather a message that comes in fragments, however many; those of a refused text message are dropped."""
        if self._reader is not None and not self.frames:
            return
        gathered: bytes | bytearray = self.frames[0]
        if not isinstance(gathered, bytearray):
            self.frames[0] = gathered = bytearray(gathered)  # type: ignore[call-overload]
        gathered += event.data
        if event.fin:
            self.send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer a ping; of those that came while the client did not read, the last (RFC 6455, 5.5.3)."""
        pongs = self.conn.data_to_send()
        if self._writing_paused:
            self._pong = pongs[-1] if pongs else self._pong  # all pings of one read were answered at the first
        else:
            self.transport.write(b"".join(pongs))

    def send_receive_event_to_app(self) -> None:
        """Give a whole message to the reader."""
        if self._reader is None:
            super().send_receive_event_to_app()
            return
        message = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if not self.close_sent:
            self._reader(bytes(message))

    def handle_parser_exception(self) -> None:
        """Close because the client broke the WebSocket protocol or sent too much."""
        if self._reader is None or not self.handshake_complete:
            super().handle_parser_exception()
        elif not self.close_sent and self.conn.close_sent is not None:
            self._finish(self.conn.close_sent.code, self.conn.close_sent.reason)
            # The parser will not hear the client's close frame any more, so the client is told at once that it is over.
            if self.transport.can_write_eof():
                self.transport.write_eof()

    def pause_writing(self) -> None:
        """Let frames wait: the client does not read."""
        super().pause_writing()
        self._writing_paused = True

    def resume_writing(self) -> None:
        """Write what waited."""
        super().resume_writing()
        self._writing_paused = False
        if self._pong and not self.disconnected:
            self.transport.write(self._pong)
            self._pong = b""
        for frame in self._backlog.take():
            self.deliver(frame)
