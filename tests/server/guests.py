"""A server that asks for tokens, and tokens for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from server.access import Access, Grant
from server.auth.tokens import Issued
from tests.server.conftest import Here, quick, serving


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class Guarded:
    """The server, its clock, and what makes its tokens."""

    def __init__(self, here: Here, hands: Hands) -> None:
        self.here = here
        self.hands = hands

    def issue(self, *grants: Grant, seconds: float | None = None) -> Issued:
        """Make a token."""
        tokens = self.here.service.auth.tokens
        assert tokens is not None
        end = None if seconds is None else self.hands.now.timestamp() + seconds
        return tokens.make(grants, 0, end)  # what reads it knows only the real time, which is behind the clock's

    def token(self, access: Access, workspace: str = "w", note: str | None = None, seconds: float | None = None) -> str:
        """Make a token with one grant."""
        return self.issue(Grant(workspace, access, note), seconds=seconds).token

    async def take_back(self, issued: Issued, remaining: Any = "none") -> None:
        """Take a token back, and look at everybody at once."""
        await self.here.service.auth.revocations.revoke(issued.id, remaining, None)
        self.here.service.watch.look()

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and look at everybody."""
        self.hands.forward(seconds)
        self.here.service.watch.look()


@asynccontextmanager
async def guarded(**settings: Any) -> AsyncIterator[Guarded]:
    """Run a server in memory that asks for tokens."""
    hands = Hands()
    async with serving(quick(**({"auth": "on", "auth_leeway_seconds": 0} | settings)), hands) as here:
        yield Guarded(here, hands)
