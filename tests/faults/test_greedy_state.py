"""Row 18: what a client may make the server remember: vectors, structs that wait, huge clocks, presence.

The known hostile updates are in ``test_hostile_updates.py``; here each of many clients goes up to its limits.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from crdt.encoding import write_string, write_uint
from crdt.messages import AwarenessUpdate, SyncStep1, Update
from tests.interop.pycrdt_client import PycrdtClient
from tests.server_process import ServerProcess

BOUND = 64 << 20
"""Bytes by which the peak of the server's memory may grow."""
NOTE = "default/greedy"


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as started:
        yield started


def peak(server: ServerProcess) -> int:
    """The most that was ever resident of the server, in bytes."""
    status = Path(f"/proc/{server.server_pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


async def send(socket: ClientConnection, frames: list[bytes]) -> int | None:
    """Send until the server has enough; the close code, or nothing."""
    with contextlib.suppress(ConnectionClosed):
        for frame in frames:
            await socket.send(frame)
        async with asyncio.timeout(60):
            for _ in range(2):  # a pong may come before the answer to what came with its ping
                await (await socket.ping())
    return socket.close_code


async def attack(server: ServerProcess, attackers: list[list[bytes]]) -> list[int | None]:
    """Be several clients at once, each with its frames; an honest one is served meanwhile, by the same process."""
    pid, before = server.server_pid, peak(server)
    async with contextlib.AsyncExitStack() as stack:
        honest = await stack.enter_async_context(PycrdtClient(server.ws_url, NOTE))
        url = f"{server.ws_url}/{NOTE}"
        sockets = [await stack.enter_async_context(connect(url, compression=None, max_size=None)) for _ in attackers]
        codes = await asyncio.gather(*map(send, sockets, attackers))
        await honest.insert("still here")
        async with PycrdtClient(server.ws_url, NOTE) as newcomer:
            await newcomer.wait(lambda: "still here" in newcomer.text, 30)
    assert server.server_pid == pid
    assert peak(server) - before < BOUND
    assert "Traceback" not in server.stderr
    return codes


def awareness(ids: range, state: str, clock: int = 1) -> bytes:
    said = b"".join(write_uint(one) + write_uint(clock) + write_string(state) for one in ids)
    return AwarenessUpdate(write_uint(len(ids)) + said).encode()


async def test_awareness_up_to_every_limit_and_beyond(server: ServerProcess) -> None:
    """40 clients, each with 64 ids of 60 KB: 8 MiB of it is kept, and told to those who read."""
    state = '{"is":"' + "x" * 60_000 + '"}'
    codes = await attack(server, [[awareness(range(n * 64, n * 64 + 64), state)] for n in range(1, 41)])
    assert set(codes) <= {None, 1013}


async def test_a_storm_of_changes_of_presence(server: ServerProcess) -> None:
    frames = [awareness(range(1, 65), '{"at":0}', clock) for clock in range(2_000)]
    assert await attack(server, [frames]) == [None]


async def test_more_ids_than_a_client_may_have_are_refused(server: ServerProcess) -> None:
    assert await attack(server, [[awareness(range(1, 100_000), "{}")]] * 3) == [1007] * 3


def waiting(client: int, clock: int, size: int) -> bytes:
    """A text that leans on what its own client has never sent."""
    item = b"\x84" + write_uint(client) + write_uint(clock - 1) + write_string("x" * size)
    return Update(b"\x01\x01" + write_uint(client) + write_uint(clock) + item + b"\x00").encode()


async def test_structs_that_wait_for_what_never_comes_are_bounded(server: ServerProcess) -> None:
    """Three clients, each with 30 MB of them."""
    frames = [[waiting(1000 + n * 1000 + i, 7, 100_000) for i in range(300)] for n in range(3)]
    codes = await attack(server, frames)
    assert set(codes) <= {1007, 1009, 1013, 4429}


async def test_huge_clocks_cost_nothing(server: ServerProcess) -> None:
    frames = [waiting(client, clock, 1) for client in range(10, 60) for clock in (1 << 20, 1 << 31, (1 << 53) - 2)]
    await attack(server, [[frame] for frame in frames])


async def test_a_question_about_many_clients_again_and_again(server: ServerProcess) -> None:
    vector = write_uint(50_000) + b"".join(write_uint(client) + b"\x01" for client in range(1, 50_001))
    codes = await attack(server, [[SyncStep1(vector).encode()] * 50] * 3)
    assert set(codes) <= {None, 1007, 1013}
