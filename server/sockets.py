"""WebSockets on their way to what serves them: past all that is there for HTTP alone.

Each layer around the application would stay in memory for as long as a WebSocket is open. So who comes, and from which
page, is asked here once more, as ``AddressGuard`` and ``OriginGuard`` ask it of requests.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi import FastAPI
from starlette.routing import Match, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from server.admission import CROWDED_ADDRESS, Tally, origin_of
from server.connection import refuse
from server.origins import FOREIGN, is_foreign
from server.service import Service

Serve = Callable[[WebSocket, Service], Awaitable[None]]


class Application(FastAPI):
    """The HTTP side, and WebSockets beside it."""

    def __init__(self, *, sockets: Mapping[str, Serve], **options: Any) -> None:
        """Make an application.

        Args:
            sockets: what serves the WebSockets at a path, written as Starlette writes paths.
            options: those of FastAPI.
        """
        super().__init__(**options)
        self._sockets = [(WebSocketRoute(path, _unused), serve) for path, serve in sockets.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket, a request, or the life of the server (ASGI)."""
        if scope["type"] == "websocket":
            for route, serve in self._sockets:
                if route.matches(scope)[0] is Match.FULL:
                    await _let_in(serve, WebSocket(scope, receive, send))
                    return
        await super().__call__(scope, receive, send)


async def _unused(_: WebSocket) -> None:
    """Stand for what serves the WebSockets of a path: it is not called by way of the route."""


async def _let_in(serve: Serve, websocket: WebSocket) -> None:
    service: Service = websocket.scope["state"]["service"]
    requests: Tally = service.admission.requests
    client = websocket.scope.get("client")
    origin = origin_of(client[0]) if client else None
    if origin is not None and not requests.enter(origin):
        await refuse(websocket, 429, CROWDED_ADDRESS)
        return
    try:
        if is_foreign(websocket.scope):
            await refuse(websocket, 403, FOREIGN)
        else:
            await serve(websocket, service)
    finally:
        if origin is not None:
            requests.leave(origin)
