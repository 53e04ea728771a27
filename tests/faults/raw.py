"""Raw clients of both protocols, each with a role, on a server in this process."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from crdt.encoding import write_string
from crdt.envelope import PING, PONG
from crdt.messages import SyncStep1, SyncStep2
from crdt.updates import EMPTY
from server.access import Access, Grant
from server.auth.tokens import Issued, Tokens
from server.config import Settings
from tests.server.conftest import Here, quick

SECRET = "6f1c0b8e2d9a47358b7e90c4d5f2a1637788"
STEP_1 = SyncStep1(b"\x00").encode()
NOTHING = SyncStep2(EMPTY).encode()


def guarded(**changes: Any) -> Settings:
    """Settings for a server in memory that asks for tokens, and takes them at their word to the second."""
    return quick(**({"auth": "on", "auth_secret": SECRET, "auth_leeway_seconds": 0} | changes))


def made(*grants: Grant, seconds: float | None = None) -> Issued:
    """A token."""
    now = time.time()
    return Tokens(SECRET).make(grants, now, None if seconds is None else now + seconds)


def token(access: Access, workspace: str = "w", note: str | None = None) -> str:
    """The text of a token for a workspace, or a note in it."""
    return made(Grant(workspace, access, note)).token


def auth(shown: str) -> bytes:
    """The message in which a Hocuspocus client shows a token."""
    return b"\x02\x00" + write_string(shown)


@dataclass
class Raw:
    """A client that sends bytes and keeps what comes, without the address that Hocuspocus puts before it."""

    here: Here
    socket: ClientConnection
    address: bytes
    frames: list[bytes] = field(default_factory=list)

    async def say(self, *messages: bytes) -> None:
        """Send messages, as long as the connection stands."""
        with contextlib.suppress(ConnectionClosed):
            for message in messages:
                await self.socket.send(message if message in (PING, PONG) else self.address + message)

    async def heard(self) -> list[bytes]:
        """Wait until the server has dealt with everything, commits included; what came since this was asked last."""
        for _ in range(2):
            await self._until_answered()
            await self.here.service.hub.journal.drained()
        frames, self.frames = self.frames, []
        return frames

    async def _until_answered(self) -> None:
        """Use the WebSocket's own ping: the server answers it in its turn, behind all that it had to say before."""
        with contextlib.suppress(ConnectionClosed):
            answered = await self.socket.ping()
            async with asyncio.timeout(10):
                await answered
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            while True:
                async with asyncio.timeout(0):
                    frame = await self.socket.recv(decode=False)
                assert isinstance(frame, bytes)
                self.frames.append(frame.removeprefix(self.address))


@contextlib.asynccontextmanager
async def hocuspocus(here: Here, note: str, shown: str | None) -> AsyncIterator[Raw]:
    """A Hocuspocus client of a note in ``w`` that has shown its token, is synced if let in, and has heard all."""
    async with here.connect("/hocuspocus") as socket:
        raw = Raw(here, socket, write_string(f"w/{note}"))
        await raw.say(*([] if shown is None else [auth(shown)]), STEP_1)
        if await _is_let_in(raw):
            await raw.say(NOTHING)
            await raw.heard()
        yield raw


async def _is_let_in(raw: Raw) -> bool:
    async with asyncio.timeout(10):
        while True:
            frame = await raw.socket.recv(decode=False)
            if frame.startswith(raw.address + b"\x02\x01"):
                return False
            if frame.startswith(raw.address + b"\x00\x01"):
                return True


@contextlib.asynccontextmanager
async def y_websocket(here: Here, note: str, shown: str) -> AsyncIterator[Raw]:
    """A y-websocket client of a note in ``w``, synced, which has heard all."""
    async with here.connect(f"/ws/w/{note}?token={shown}") as socket:
        raw = Raw(here, socket, b"")
        await raw.say(STEP_1, NOTHING)
        await raw.heard()
        yield raw
