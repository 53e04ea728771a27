"""How many connections there may be: in all, and from one address.

Who is over it gets an HTTP status and a sentence before anything is done for them: 503 in all, 429 from one address.
"""

import resource
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from server.connection import refuse

CROWDED_ADDRESS = "There are too many connections from this address: close some, or try again later."
FULL = "The server has as many connections as it can take: try again later."
_ENOUGH_FILES = 1 << 16


def connections_that_fit() -> int:
    """Say how many connections the limit on open files leaves room for, after raising it as far as is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # some systems say infinite and mean less
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    files = _ENOUGH_FILES if soft == resource.RLIM_INFINITY else soft
    return max(1, min(files * 9 // 10, files - 64))


@lru_cache(4096)
def origin_of(host: str) -> str:
    """Give what an address is counted as: an IPv6 address as its network of 64 bits, which one machine may have."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(IPv6Network((int(address), 64), strict=False) if mapped is None else mapped)
    return str(address)


class Tally:
    """How many there are of each."""

    def __init__(self, most: int) -> None:
        """Make an empty one; ``most`` is how many there may be of each."""
        self._most = most
        self._counts: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def enter(self, key: str) -> bool:
        """Count one more; whether it may be. ``leave`` only what was let in."""
        count = self._counts.get(key, 0)
        if count >= self._most:
            return False
        self._counts[key] = count + 1
        return True

    def leave(self, key: str) -> None:
        """Count one less."""
        if self._counts[key] == 1:
            del self._counts[key]
        else:
            self._counts[key] -= 1


class Admission:
    """Who is connected."""

    def __init__(self, most: int | None, most_an_address: int) -> None:
        """Make it.

        Args:
            most: how many connections there may be; None for as many as the limit on open files allows.
            most_an_address: how many from one address.
        """
        self.most = connections_that_fit() if most is None else most
        self.sockets = Tally(most_an_address)
        """TCP connections that speak HTTP, by who is at their other end; without those of trusted proxies."""
        self.requests = Tally(most_an_address)
        """WebSockets and HTTP requests that are being served, by who they are from in the end."""


class AddressGuard:
    """Refuses WebSockets and requests of an address that has too many open."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 429."""
        client = scope.get("client") if scope["type"] in ("http", "websocket") else None
        if not client:
            await self._app(scope, receive, send)
            return
        requests: Tally = scope["state"]["service"].admission.requests
        origin = origin_of(client[0])
        if requests.enter(origin):
            try:
                await self._app(scope, receive, send)
            finally:
                requests.leave(origin)
        elif scope["type"] == "http":
            await JSONResponse({"error": CROWDED_ADDRESS}, status_code=429)(scope, receive, send)
        else:
            await refuse(WebSocket(scope, receive, send), 429, CROWDED_ADDRESS)
