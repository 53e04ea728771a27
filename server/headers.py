"""Headers that make a browser careful with what it gets from here."""

import hashlib
from base64 import b64encode

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # A page that was let in by its origin asks with CORS, which this does not concern (Fetch, 3.7).
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What every answer has, but for those that it sets itself."""
_STARTS = ("http.response.start", "websocket.http.response.start")


class SecurityHeaders:
    """Adds the headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] in _STARTS:
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def page_policy(*directives: str) -> str:
    """Give the content security policy of a page that may load nothing but what the directives say."""
    return "; ".join(
        ("default-src 'none'", *directives, "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
    )


def source_of(inline: str) -> str:
    """Give what lets one inline script or style in: its hash."""
    return f"'sha256-{b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'"
