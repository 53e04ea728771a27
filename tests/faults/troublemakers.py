"""Those who do harm in a soak: to the server they must be a nuisance, to everybody else nothing at all."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from crdt.encoding import write_bytes, write_string, write_uint
from crdt.messages import AwarenessUpdate, QueryAwareness, SyncStep1, Update
from tests.crdt.typist import Typist
from tests.faults.adversary import Adversary
from tests.faults.hostile import everything
from tests.faults.test_mutated_frames import mutated, originals
from tests.faults.world import PLAIN, WILD, World

FLOODED = "default/soak-flooded"
LARGE = "x" * 50_000


class Troublemaker:
    """One of them, who does one thing after the other."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._chance: random.Random = world.chance(name)
        self._hostile = list(everything().values())
        self._ways: dict[str, Callable[[], Awaitable[None]]] = {
            "malformed": self._malformed,
            "adversaries": self._adversary,
            "hostile": self._send_hostile,
            "floods": self._flood,
            "oversize": self._oversize,
            "awareness": self._awareness,
            "queries": self._queries,
            "slow": self._slow,
            "churn": self._churn,
        }

    async def live(self) -> None:
        """Do harm until it is over."""
        while not self._world.over.is_set():
            name = self._chance.choice(list(self._ways))
            # The last is what websockets raises when it aborts a connection that has just been lost.
            with contextlib.suppress(OSError, WebSocketException, TimeoutError, EOFError, AttributeError):
                async with asyncio.timeout(15):
                    await self._ways[name]()
            self._world.counts[name] += 1
            await self._world.pause(self._chance.uniform(0.05, 0.5))

    def _connect(self, note: str, **options: Any) -> connect:
        url = f"{self._world.server.ws_url}/{note}"
        return connect(url, compression=None, max_size=None, close_timeout=1, **options)

    async def _send(self, note: str, frames: list[bytes]) -> None:
        async with self._connect(note) as socket:
            for frame in frames:
                await socket.send(frame)
            await (await socket.ping())

    async def _malformed(self) -> None:
        frames = [mutated(self._chance.choice(originals()), self._chance) for _ in range(10)]
        if self._chance.random() < 0.5:
            await self._send(WILD, frames)
            return
        address = write_string(WILD)
        login = address + b"\x02\x00" + write_bytes(b"any")
        async with connect(self._world.server.hocuspocus_url, compression=None, close_timeout=1) as socket:
            for frame in (login, *(address + frame for frame in frames)):
                await socket.send(frame)
            await (await socket.ping())

    async def _adversary(self) -> None:
        updates = Adversary(self._chance.randrange(1 << 40)).case()
        await self._send(WILD, [Update(update).encode() for update in updates])

    async def _send_hostile(self) -> None:
        await self._send(WILD, [Update(update).encode() for update in self._chance.choice(self._hostile)])

    async def _flood(self) -> None:
        typist = Typist(self._chance.randrange(10, 1 << 30))
        async with self._connect(FLOODED) as socket:
            for _ in range(400):
                await socket.send(Update(typist.type(LARGE)).encode() + Update(typist.delete(0, len(LARGE))).encode())

    async def _oversize(self) -> None:
        await self._send(WILD, [bytes(17 << 20)])

    async def _awareness(self) -> None:
        """Be many, each with much to say, and change it all the time."""
        ids = [self._chance.randrange(1 << 32) for _ in range(60)]
        state = write_string('{"is":"' + "y" * self._chance.choice((10, 1000)) + '"}')
        async with self._connect(self._chance.choice(PLAIN)) as socket:
            for clock in range(self._chance.choice((5, 50))):
                said = b"".join(write_uint(one) + write_uint(clock) + state for one in ids)
                await socket.send(AwarenessUpdate(write_uint(len(ids)) + said).encode())
                await (await socket.ping())

    async def _queries(self) -> None:
        await self._send(self._chance.choice(PLAIN), [QueryAwareness().encode(), SyncStep1(b"\x00").encode()] * 200)

    async def _slow(self) -> None:
        """Ask for much, and read nothing of it."""
        async with self._connect(self._chance.choice(PLAIN), max_queue=1) as socket:
            socket.transport.pause_reading()
            with contextlib.suppress(WebSocketException):
                await self._ask_on(socket)
            socket.transport.resume_reading()

    async def _ask_on(self, socket: ClientConnection) -> None:
        for _ in range(self._chance.randint(1, 30)):
            await socket.send(SyncStep1(b"\x00").encode())
            await self._world.pause(0.1)

    async def _churn(self) -> None:
        """Come and go, many at a time."""
        for _ in range(self._chance.randint(1, 5)):
            async with contextlib.AsyncExitStack() as stack:
                note = self._chance.choice(PLAIN)
                for _ in range(10):
                    socket = await stack.enter_async_context(self._connect(note))
                    await socket.send(SyncStep1(b"\x00").encode())
