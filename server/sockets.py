"""WebSockets on their way to what serves them."""

from collections.abc import Sequence

from starlette.routing import Match, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket


class SocketRoutes:
    """Leads WebSockets past what is there for HTTP alone: each layer would stay in memory for as long as they last."""

    def __init__(self, app: ASGIApp, routes: Sequence[WebSocketRoute]) -> None:
        """Make a layer around an application, to which goes what none of the routes is for."""
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket, or pass a request on."""
        if scope["type"] == "websocket":
            for route in self._routes:
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.endpoint(WebSocket(scope, receive, send))
                    return
        await self._app(scope, receive, send)
