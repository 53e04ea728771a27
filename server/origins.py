"""Which web pages may talk to the server: its own, those on the same host, and those that a setting names.

A browser lets any page open a WebSocket to any server, and send it simple requests; it only says in ``Origin`` where
the page is from. Programs that are no browser send no ``Origin`` and are not concerned.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from server.connection import refuse

EVERY_ORIGIN = "*"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
FOREIGN = "Pages of this origin may not use this server: name it in ROUTA_ALLOWED_ORIGINS."


def may_connect(origin: str, host: str, allowed: Collection[str]) -> bool:
    """Say whether a page may use the server.

    Args:
        origin: where the page is from, as in the ``Origin`` header.
        host: how the page calls the server, as in the ``Host`` header. Another port of the same host is let in.
        allowed: further origins; ``*`` for all.
    """
    if origin in allowed or EVERY_ORIGIN in allowed:
        return True
    page, server = _hostname(origin), _hostname(f"//{host}")
    return page is not None and (page == server or {page, server} <= _LOOPBACK)


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def is_foreign(scope: Scope) -> bool:
    """Whether a request or a WebSocket is from a page that may not use the server."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    allowed: Collection[str] = scope["state"]["service"].settings.allowed_origins
    return origin is not None and not may_connect(origin, headers.get("host", ""), allowed)


class OriginGuard:
    """Refuses requests of other people's pages before anything else sees them, and lets the named ones read answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cors: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 403."""
        if scope["type"] not in ("http", "websocket") or "origin" not in Headers(scope=scope):
            await self._app(scope, receive, send)
        elif not is_foreign(scope):
            await self._readable_by(scope["state"]["service"].settings.allowed_origins)(scope, receive, send)
        elif scope["type"] == "http":
            await JSONResponse({"error": FOREIGN}, status_code=403)(scope, receive, send)
        else:
            await refuse(WebSocket(scope, receive, send), 403, FOREIGN)

    def _readable_by(self, allowed: Collection[str]) -> ASGIApp:
        if self._cors is None:
            self._cors = CORSMiddleware(
                self._app,
                allow_origins=list(allowed),
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=["ETag"],
            )
        return self._cors
