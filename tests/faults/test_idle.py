"""Row 26: 5,000 idle connections within 500 MiB, and no more after a while than at its beginning.

``ROUTA_IDLE_SECONDS=600 scripts/test tests/faults/test_idle.py -rP`` takes ten minutes over it and prints the figures.
"""

import asyncio
import contextlib
import os
import resource
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from crdt.encoding import write_string, write_uint
from crdt.messages import AwarenessUpdate, SyncStep1, SyncStep2
from crdt.updates import EMPTY
from tests.faults.writer import Writer
from tests.server_process import ServerProcess

CONNECTIONS = 5_000
NOTES = 1_000
BOUND = 500 << 20
GROWTH = 16 << 20
"""Resident bytes by which the server may grow from the first look to the last."""
SECONDS = float(os.environ.get("ROUTA_IDLE_SECONDS", "20"))
RENEWAL = min(15.0, SECONDS / 4)
"""Seconds after which a provider renews its presence; the server tells everybody in the note."""
HEAD = (
    "GET /ws/default/idle-{note} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class Idler(asyncio.Protocol):
    """A client as small as can be: it says what a provider says that is left alone, and answers pings."""

    def __init__(self, number: int) -> None:
        self.synced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False
        self._number = number
        self._clock = 0
        self._data = b""
        self._accepted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(HEAD.format(note=self._number % NOTES).encode())

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.synced.done():
            self.synced.set_exception(ConnectionError("closed before it was synced"))

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._accepted:
            head, found, self._data = self._data.partition(b"\r\n\r\n")
            if not found:
                self._data = head
                return
            assert b" 101 " in head, head
            self._accepted = True
            for message in (SyncStep1(b"\x00").encode(), SyncStep2(EMPTY).encode()):
                self._send(0x82, message)
            self.renew()
        while (end := self._end_of_frame()) is not None:
            frame, self._data = self._data[:end], self._data[end:]
            self._take(frame)

    def _end_of_frame(self) -> int | None:
        if len(self._data) < 4:
            short = len(self._data) >= 2 and 2 + self._data[1] <= len(self._data)
            return 2 + self._data[1] if short else None
        length = self._data[1]
        end = 4 + int.from_bytes(self._data[2:4]) if length == 126 else 2 + length
        return end if end <= len(self._data) else None

    def _take(self, frame: bytes) -> None:
        payload = frame[4:] if frame[1] == 126 else frame[2:]
        if frame[0] == 0x89:
            self._send(0x8A, payload)
        elif payload.startswith(b"\x00\x01") and not self.synced.done():
            self.synced.set_result(None)

    def _send(self, first: int, payload: bytes) -> None:
        assert len(payload) < 126
        self.transport.write(bytes((first, 0x80 | len(payload))) + bytes(4) + payload)

    def renew(self) -> None:
        """Say again who is here."""
        self._clock += 1
        state = write_string('{"user":{"name":"Ann","color":"#30bced"}}')
        said = write_uint(1) + write_uint(1000 + self._number) + write_uint(self._clock) + state
        self._send(0x82, AwarenessUpdate(said).encode())


@pytest.fixture
def files() -> Iterator[None]:
    """Let both ends of all connections be open in this process and in those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = CONNECTIONS + 1000
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.fail(f"{needed} files must be allowed to be open, not {hard}: raise 'ulimit -Hn'")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def server(files: None, tmp_path: Path) -> Iterator[ServerProcess]:
    limits = {"ROUTA_MAX_ADDRESS_CONNECTIONS": str(2 * CONNECTIONS)}
    with ServerProcess(limits, data_dir=tmp_path / "data") as started:
        yield started


def resident(server: ServerProcess) -> int:
    """The resident bytes of the supervisor and the server, what they share counted twice."""
    worker = server.worker
    assert worker is not None
    status = [Path(f"/proc/{pid}/status").read_text() for pid in (server.pid, worker)]
    return sum(int(text.partition("VmRSS:")[2].split()[0]) * 1024 for text in status)


@contextlib.asynccontextmanager
async def idling(server: ServerProcess) -> AsyncIterator[list[Idler]]:
    """All of them, connected and synced."""
    loop = asyncio.get_running_loop()
    idlers: list[Idler] = []
    try:
        for first in range(0, CONNECTIONS, 100):
            some = [Idler(number) for number in range(first, first + 100)]
            idlers += some
            for idler in some:
                await loop.create_connection(lambda one=idler: one, "127.0.0.1", server.port)  # type: ignore[misc]
            async with asyncio.timeout(60):
                await asyncio.gather(*(idler.synced for idler in some))
        yield idlers
    finally:
        for idler in idlers:
            idler.transport.abort()


async def idle_for(idlers: list[Idler], seconds: float) -> None:
    """Let everybody renew their presence, spread over the time."""
    step = seconds / 100
    for turn in range(100):
        for idler in idlers[turn::100]:
            idler.renew()
        await asyncio.sleep(step)


@pytest.mark.timeout(240 + 2 * SECONDS)
async def test_idle_connections_take_little_memory_and_no_more_with_time(server: ServerProcess) -> None:
    before = resident(server)
    async with idling(server) as idlers:
        await idle_for(idlers, RENEWAL)
        started, first = time.monotonic(), resident(server)
        looks = [first]
        while time.monotonic() - started < SECONDS:
            await idle_for(idlers, RENEWAL)
            looks.append(resident(server))
        assert not any(idler.lost for idler in idlers)
        async with Writer(f"{server.ws_url}/default/idle-7") as ann:
            await ann.type("still served")
            await ann.until_acknowledged()
    mebibytes = ", ".join(f"{look / 2**20:.1f}" for look in (looks if len(looks) < 20 else looks[:: len(looks) // 10]))
    print(
        f"{CONNECTIONS} connections, {NOTES} notes, {time.monotonic() - started:.0f} s: {before / 2**20:.1f} MiB before"
    )
    print(f"resident MiB: {mebibytes}; {(max(looks) - before) / CONNECTIONS / 1024:.1f} KiB a connection")
    assert max(looks) < BOUND
    assert looks[-1] - first < GROWTH
