"""Rows 23, 24 and 25 of the table of faults: slow drips and floods, readers that stop, what is too large."""

import asyncio
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from crdt.messages import SyncStep1, Update
from server.hub import Hub
from tests.crdt.typist import Typist
from tests.server.conftest import close_of, quick, serving, until
from tests.server.raw import Raw, raw
from tests.server.test_websocket import frame, sync
from tests.server_process import ServerProcess

MEBIBYTE = 1 << 20
BOUND = 64 * MEBIBYTE
"""Bytes by which the peak of a server's memory may grow under an attack."""
GET = b"GET /api/health HTTP/1.1\r\nHost: x\r\n"
UPGRADE = (
    b"GET /ws/default/spec HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)


class Attacked:
    """A server process, and by how much the peak of its memory grew."""

    def __init__(self, process: ServerProcess) -> None:
        self.process = process
        self.port = process.port
        self._before = self._peak()

    def _peak(self) -> int:
        status = Path(f"/proc/{self.process.server_pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) * 1024

    def grown(self) -> int:
        return self._peak() - self._before

    def connect(self, **options: Any) -> connect:
        return connect(f"{self.process.ws_url}/default/spec", compression=None, max_size=None, **options)

    async def serves_others(self) -> None:
        async with asyncio.timeout(20), self.connect() as ben:
            assert await frame(ben)
            await sync(ben)


@pytest.fixture
def attacked() -> Iterator[Attacked]:
    small = {"ROUTA_HEADER_SECONDS": "1", "ROUTA_MAX_QUEUE_BYTES": str(MEBIBYTE), "ROUTA_AUTH": "off"}
    with ServerProcess(small) as process:
        yield Attacked(process)


async def drip(port: int, beginning: bytes, drop: bytes) -> bytes:
    """Send a request a drop at a time until the server has enough; what it said."""
    async with raw(port) as client:
        client.send(beginning)
        end = asyncio.create_task(client.rest())
        while not (await asyncio.wait([end], timeout=0.05))[0]:
            client.send(drop)
        return await end


async def test_row_23_slow_drips_end_at_the_deadline_and_others_are_served(attacked: Attacked) -> None:
    drips = [drip(attacked.port, start, b"X: y\r\n") for start in (GET, UPGRADE) for _ in range(50)]
    slow = [asyncio.create_task(work) for work in drips]
    await attacked.serves_others()
    answers = await asyncio.gather(*slow)
    assert {answer.split()[1] for answer in answers if answer} == {b"408"}
    await attacked.serves_others()


@pytest.mark.parametrize("beginning", [GET + b"X: ", b"GET /", UPGRADE + b"Cookie: "])
async def test_row_23_a_flood_before_the_head_ends_is_cut(attacked: Attacked, beginning: bytes) -> None:
    async def flood() -> int:
        async with raw(attacked.port) as client:
            client.send(beginning)
            end = asyncio.create_task(client.rest())
            sent = 0
            while not end.done() and sent < 50 * MEBIBYTE:
                client.send(b"x" * 65536)
                sent += 65536
                await asyncio.wait([end, asyncio.create_task(drained(client))], return_when="FIRST_COMPLETED")
            await end
            return sent

    assert max(await asyncio.gather(*(flood() for _ in range(10)))) < 50 * MEBIBYTE
    assert attacked.grown() < BOUND
    await attacked.serves_others()


async def drained(client: Raw) -> None:
    try:
        await client.writer.drain()
    except ConnectionError:
        return


async def test_row_23_a_flood_behind_a_handshake_that_is_not_answered_yet_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answered, asked = asyncio.Event(), asyncio.Event()
    opened = Hub.open

    async def open_later(*arguments: Any, **options: Any) -> Any:
        asked.set()
        await answered.wait()
        return await opened(*arguments, **options)

    monkeypatch.setattr(Hub, "open", open_later)
    async with serving(quick()) as here, raw(here.port) as client:
        client.send(UPGRADE + b"\r\n")
        await asked.wait()
        client.send(masked(0x82, bytes(10 * MEBIBYTE)))
        assert await client.rest() == b""
        answered.set()


async def test_row_24_a_reader_that_stops_is_closed_in_bounded_memory_and_comes_back(attacked: Attacked) -> None:
    typist = Typist(1)
    async with attacked.connect() as ann, attacked.connect(max_queue=1) as slow:
        await sync(ann)
        await sync(slow)
        slow.transport.pause_reading()
        for _ in range(300):
            text = os.urandom(20_000).hex()
            await ann.send(Update(typist.type(text)).encode() + Update(typist.delete(0, 40_000)).encode())
            await frame(ann)  # others are unaffected: what was sent is acknowledged
        slow.transport.resume_reading()
        assert (await close_of(slow))[0] == 1013
        async with attacked.connect() as again:
            await sync(again)
    assert attacked.grown() < BOUND


async def test_row_24_pongs_that_nobody_reads_do_not_pile_up() -> None:
    async with serving(quick(connection_bytes_per_second=0)) as here, here.connect(max_queue=1) as slow:
        await frame(slow)
        peer: Any = here.service.hub.open_notes()[0].room.sessions[0].peer
        slow.transport.pause_reading()
        peer.pause_writing()  # as the transport does when its buffer is full
        for number in range(1000):
            await slow.ping(b"%0100d" % number)
        await until(lambda: b"%0100d" % 999 in peer._pong)
        assert peer.transport.get_write_buffer_size() == 0
        assert len(peer._pong) < 200
        peer.resume_writing()
        slow.transport.resume_reading()
        await (await slow.ping())


def masked(first: int, payload: bytes) -> bytes:
    """A client's frame with a mask of zeros."""
    length = len(payload)
    size = bytes((0x80 | length,)) if length < 126 else b"\xff" + struct.pack("!Q", length)
    return bytes((first,)) + size + bytes(4) + payload


def put(client: ClientConnection, data: bytes) -> None:
    """Write bytes past the client's own protocol."""
    client.transport.write(data)


@pytest.mark.parametrize("pieces", [1, 20])
async def test_row_25_an_oversize_message_is_refused_in_bounded_memory(attacked: Attacked, pieces: int) -> None:
    async with raw(attacked.port) as mallory:
        mallory.send(UPGRADE + b"\r\n")
        await mallory.reader.readuntil(b"\r\n\r\n")
        piece = bytes(17 * MEBIBYTE // pieces)
        mallory.send(masked(0x02 if pieces > 1 else 0x82, piece))
        for _ in range(pieces - 1):
            mallory.send(masked(0x00, piece))
        close = (await mallory.rest()).rpartition(b"\x88")[2]
        assert int.from_bytes(close[1:3]) == 1009
    assert attacked.grown() < BOUND
    await attacked.serves_others()


async def test_row_25_compression_is_never_agreed_to_and_a_deflate_bomb_is_refused(attacked: Attacked) -> None:
    bomb = zlib.compressobj(9, wbits=-15)
    payload = bomb.compress(bytes(100 * MEBIBYTE)) + bomb.flush(zlib.Z_SYNC_FLUSH)
    assert len(payload) * 900 < 100 * MEBIBYTE
    url = f"{attacked.process.ws_url}/default/spec"
    async with connect(url, compression="deflate", max_size=None) as mallory:
        assert mallory.response is not None
        assert "Sec-WebSocket-Extensions" not in mallory.response.headers
        await frame(mallory)
        put(mallory, masked(0xC2, payload))
        assert (await close_of(mallory))[0] == 1002
    assert attacked.grown() < BOUND
    await attacked.serves_others()


async def test_row_25_fragments_are_gathered_as_they_come() -> None:
    async with serving(quick()) as here, here.connect() as mallory:
        await frame(mallory)
        peer: Any = here.service.hub.open_notes()[0].room.sessions[0].peer
        message = SyncStep1(b"\x00").encode()
        put(mallory, masked(0x02, b"") + masked(0x00, b"") * 1000 + masked(0x00, message))
        await (await mallory.ping())
        assert [bytes(gathered) for gathered in peer.frames] == [message]
        put(mallory, masked(0x80, b""))
        assert await frame(mallory)


async def test_a_handshake_with_too_long_a_line_is_answered_even_if_nobody_looked_at_it_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.http.MAX_LINE_BYTES", 60_000)
    async with serving(quick()) as here:
        with pytest.raises(InvalidStatus) as refused:
            await here.connect(additional_headers={"X": "y" * 10_000})
        assert refused.value.response.status_code == 431
