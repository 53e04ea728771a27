"""Uvicorn's HTTP protocol, with an end to patience: for the head of a request, its body, and who does not read.

The head of a connection's first request counts from the moment the connection was made, that of each further one from
its first byte. Between two requests uvicorn's own timeout for idle connections holds.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any, cast

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from server.admission import CROWDED_ADDRESS, FULL, Admission, origin_of
from server.config import Settings
from server.headers import SECURITY_HEADERS

MAX_LINE_BYTES = 8000
"""The longest line of a head. The parser of WebSocket handshakes takes little more, and would not answer."""
LINGER = 1.0
"""Seconds that a refused client has to read why: to close with unread data would take the answer from it."""
_SLOW_HEAD = "The head of the request did not come in time."
_SLOW_BODY = "The body of the request did not come in time."


class _Refused(Exception):
    """The request is not taken."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class NotesHttpProtocol(HttpToolsProtocol):
    """An HTTP connection that ends when its client takes too long or sends too much before the body."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits: Settings = app_state["service"].settings
        self._admission: Admission = app_state["service"].admission
        self._origin: str | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self._in_head = self._in_body = False
        self._why = _Refused(400, "This is not a valid HTTP request.")
        self._head_bytes = self._fed = 0
        self._shared = self._handed_over = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let a connection in, if there is room for it."""
        super().connection_made(transport)
        self._patience(self._limits.header_seconds)
        if len(self.connections) > self._admission.most:
            self._refuse(503, FULL)
        elif not self._counted():
            self._refuse(429, CROWDED_ADDRESS)

    def _counted(self) -> bool:
        """Count the connection; whether it may be. Those whom a trusted proxy brings are counted one by one, later."""
        host = self.client[0] if self.client else ""
        proxies = self.app.trusted_hosts if isinstance(self.app, ProxyHeadersMiddleware) else ()
        if not host or host in proxies:
            return True
        origin = origin_of(host)
        if not self._admission.sockets.enter(origin):
            return False
        self._origin = origin
        return True

    def _uncount(self) -> None:
        if self._origin is not None:
            self._admission.sockets.leave(self._origin)
            self._origin = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._end_timers()
        self._uncount()
        super().connection_lost(exc)

    def _end_timers(self) -> None:
        for timer in (self._deadline, self._stalled, self._lingering):
            if timer is not None:
                timer.cancel()
        self._deadline = self._stalled = self._lingering = None

    def data_received(self, data: bytes) -> None:
        """Take what came in; of a refused client nothing more."""
        if self._over():
            return
        self._fed += len(data)
        head = (self._head_bytes if self._in_head else 0) + len(data)
        self._shared = self._in_body
        super().data_received(data)
        if self._in_head and not self._over():
            # What the parser gathers of one long header, it shows only at its end.
            self._head_bytes = self._head_bytes if self._shared else head
            if self._head_bytes > self._limits.max_header_bytes:
                self._refuse(431, _too_large(self._limits.max_header_bytes))
        if not self._over():
            self._watch()

    def _over(self) -> bool:
        return self._handed_over or self._lingering is not None or self.transport.is_closing()

    @property
    def _unanswered(self) -> RequestResponseCycle | None:
        cycle = cast(RequestResponseCycle | None, self.cycle)
        return None if cycle is None or cycle.response_complete else cycle

    def _watch(self) -> None:
        """Give the client a deadline where it owes something."""
        if self._in_head or self._in_body:
            self._patience(self._limits.header_seconds if self._in_head else self._limits.body_seconds)
        elif self._unanswered is not None or self.timeout_keep_alive_task is not None:
            self._satisfied()
        else:  # blank lines, say, for which uvicorn has ended its own timeout
            self._patience(self._limits.header_seconds)

    def _patience(self, seconds: float) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self._too_late)

    def _satisfied(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        request = self._unanswered
        # Behind a request that is being answered, or in the midst of an answer, there is no place for another answer.
        busy = request is not None and (self._in_head or self.pipeline or request.response_started)
        if self.flow.read_paused:  # the client cannot send: it is we who do not read
            self._watch()
        elif self._over() or not self._fed or busy or (self._in_body and request is None):
            self.transport.close()
        else:
            self._refuse(408, _SLOW_BODY if self._in_body else _SLOW_HEAD)

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer without asking the application, and take nothing more."""
        self._end_timers()
        self._unset_keepalive_if_required()
        self.transport.write(_answer(status, sentence))
        request = self._unanswered
        if request is not None:
            request.disconnected = True
            request.message_event.set()
        if len(self.connections) > 1.05 * self._admission.most or not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self._lingering = self.loop.call_later(LINGER, self.transport.abort)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer what is no HTTP, or what a callback refused."""
        self._refuse(self._why.status, str(self._why))

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._in_body = True, False
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        super().on_url(url)
        if len(self.url) > MAX_LINE_BYTES:
            self._stop(414, f"The address is longer than {MAX_LINE_BYTES:,} bytes.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        super().on_header(name, value)
        if len(self.headers) > self._limits.max_headers:
            self._stop(431, f"The request has more than {self._limits.max_headers} headers.")
        if len(name) + len(value) > MAX_LINE_BYTES:
            self._stop(431, f"A header of the request is longer than {MAX_LINE_BYTES:,} bytes.")
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > self._limits.max_header_bytes:
            self._stop(431, _too_large(self._limits.max_header_bytes))

    def _stop(self, status: int, sentence: str) -> None:
        self._why = _Refused(status, sentence)
        raise self._why

    def on_headers_complete(self) -> None:
        """The head is there."""
        super().on_headers_complete()
        self._in_head, self._in_body = False, True
        self._satisfied()

    def on_message_complete(self) -> None:
        """The body is there."""
        super().on_message_complete()
        self._in_body, self._shared = False, True
        self._satisfied()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over."""
        self._in_head = self._in_body = False
        self._handed_over = True
        self._end_timers()
        self._uncount()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._expect_reading(self.transport.get_write_buffer_size())

    def _expect_reading(self, waiting: int) -> None:
        self._stalled = self.loop.call_later(self._limits.stall_seconds, self._look_again, waiting)

    def _look_again(self, before: int) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting < before:
            self._expect_reading(waiting)
        else:
            self.transport.abort()

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def _too_large(limit: int) -> str:
    return f"The head of the request is larger than {limit:,} bytes."


def _answer(status: int, sentence: str) -> bytes:
    body = json.dumps({"error": sentence}).encode()
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in (headers | SECURITY_HEADERS).items()]
    return "\r\n".join([*lines, "\r\n"]).encode() + body
