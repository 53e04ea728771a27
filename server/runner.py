"""Uvicorn, set up for notes: the fast WebSocket protocol, and a stop that loses nothing."""

import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from server.app import build
from server.config import Settings
from server.http import NotesHttpProtocol
from server.service import Service
from server.websocket import NotesWebSocketProtocol

logger = logging.getLogger("routa")

PING_SECONDS = 20.0
"""How often a connection is checked, and how long its answer may take."""


def listen(host: str, port: int) -> socket.socket:
    """Take the port, before anything else is started.

    Raises:
        OSError: it cannot be had.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock


class NotesServer(uvicorn.Server):
    """A uvicorn server that commits and acknowledges everything before it closes its connections."""

    def __init__(self, service: Service, ready: Callable[[], None] = lambda: None) -> None:
        """Make a server.

        Args:
            service: what it serves.
            ready: called once, when it accepts connections and heeds signals.
        """
        super().__init__(_config(service))
        self._service = service
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and say so."""
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Stop on a signal, with exit status 0; at once on a second Ctrl+C."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, stop reading, commit and acknowledge, and only then close."""
        for server in self.servers:
            server.close()
        for connection in self.server_state.connections:
            if isinstance(connection, NotesWebSocketProtocol):
                connection.stop_reading()
        self._service.events.close()  # uvicorn would wait for the streams to end
        if not await self._service.drain():
            logger.error("Stopped with %d notes not committed: the store did not answer.", self._service.unfinished)
        await super().shutdown(sockets)


def _config(service: Service) -> uvicorn.Config:
    settings: Settings = service.settings
    return uvicorn.Config(
        build(service),
        http=NotesHttpProtocol,
        ws=NotesWebSocketProtocol,
        ws_max_size=settings.max_message_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        timeout_graceful_shutdown=max(1, int(0.2 * settings.shutdown_seconds)),
        forwarded_allow_ips=list(settings.trusted_proxies),
        access_log=False,
        log_config=None,
        server_header=False,
    )
