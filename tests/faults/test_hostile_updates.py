"""Rows 15, 16 and 18: the known hostile updates leave process, note and the other clients as they were."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.faults.hostile import everything
from tests.interop.pycrdt_client import PycrdtClient, varbytes
from tests.server.conftest import close_of
from tests.server_process import ServerProcess

GROWTH = 64 * 1024
"""KiB by which the server may grow under all of them."""


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as started:
        yield started


@pytest.fixture
async def honest(server: ServerProcess, request: pytest.FixtureRequest) -> AsyncIterator[PycrdtClient]:
    async with PycrdtClient(server.ws_url, f"default/{request.node.callspec.id}") as client:
        await client.insert("before")
        yield client


def memory(pid: int) -> int:
    """The resident memory of a process, in KiB."""
    with Path(f"/proc/{pid}/status").open() as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


async def send(server: ServerProcess, note: str, updates: list[bytes]) -> int | None:
    """Be a client that sends updates, and then asks for the note: the close code, or nothing when it is answered."""
    async with connect(f"{server.ws_url}/default/{note}", max_size=None, compression=None) as socket:
        try:
            for update in updates:
                await socket.send(b"\x00\x02" + varbytes(update))
            await socket.send(b"\x00\x00\x01\x00")
            async with asyncio.timeout(30):
                while (await socket.recv())[:2] != b"\x00\x01":
                    pass
        except ConnectionClosed:
            return socket.close_code
    return None


@pytest.mark.parametrize("name", everything())
async def test_a_hostile_update_disturbs_nobody(server: ServerProcess, honest: PycrdtClient, name: str) -> None:
    pid = server.server_pid
    before = memory(pid)
    code = await send(server, name, everything()[name])
    assert code in (None, 1007, 1013), "closed without the reason that a client understands"
    await honest.insert(" and after")
    async with PycrdtClient(server.ws_url, f"default/{name}") as other:
        await other.wait(lambda: other.text.endswith(" and after"))
    assert server.server_pid == pid
    assert server.running
    assert memory(pid) - before < GROWTH
    assert "Traceback" not in server.new_stderr()


@pytest.mark.parametrize("name", ["nested-types-deleted", "five-bytes-of-clients", "format-that-asks-for-terabytes"])
async def test_its_sender_is_refused(server: ServerProcess, name: str) -> None:
    assert await send(server, f"refused-{name}", everything()[name]) == 1007


async def test_huge_state_vectors_are_refused(server: ServerProcess) -> None:
    vector = b"\xc0\x84\x3d" + b"\x80\x80\x80\x01\x01" * 1_000_000
    async with connect(f"{server.ws_url}/default/vectors", max_size=None, compression=None) as socket:
        before = memory(server.server_pid)
        await socket.send(b"\x00\x00" + varbytes(vector))
        code, _ = await close_of(socket)
        assert code == 1007
        assert memory(server.server_pid) - before < GROWTH
