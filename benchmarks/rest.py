"""Requests a second of the REST layer on SQLite with realistic rows, and the delay of typing beside such load."""

import asyncio
import os
import platform
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect

from crdt.messages import SyncStep1, Update
from tests.crdt.typist import Typist
from tests.server_process import ServerProcess

SECONDS = 5.0
CONNECTIONS = 16
TASKS = 100
LOAD = 500
"""Requests a second beside typing."""
KEYSTROKES = 500
PAUSE = 0.01
"""Seconds between two keystrokes."""


class Caller:
    """One kept-alive HTTP connection that asks for one path as raw bytes: it costs less than the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
        self._reader = reader
        self._writer = writer
        self._request = f"GET {path} HTTP/1.1\r\nHost: benchmark\r\n\r\n".encode()

    async def ask(self) -> None:
        """Send the request and read its whole answer, which must be a 200."""
        self._writer.write(self._request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


async def caller(port: int, path: str) -> Caller:
    """Open a connection that asks for a path."""
    return Caller(*await asyncio.open_connection("127.0.0.1", port), path)


async def rate(port: int, path: str) -> float:
    """Requests a second that the server answers when it is asked as fast as it can."""
    end = time.perf_counter() + SECONDS

    async def ask_until_the_end() -> int:
        asked, connection = 0, await caller(port, path)
        while time.perf_counter() < end:
            await connection.ask()
            asked += 1
        connection.close()
        return asked

    started = time.perf_counter()
    asked = sum(await asyncio.gather(*(ask_until_the_end() for _ in range(CONNECTIONS))))
    return asked / (time.perf_counter() - started)


@asynccontextmanager
async def load(port: int, paths: list[str]) -> AsyncIterator[list[int]]:
    """Ask for paths in turn, ``LOAD`` times a second, until the end of the block; counts the answers."""
    answered = [0]

    async def ask_now_and_then(path: str) -> None:
        connection = await caller(port, path)
        step, due = len(paths) / LOAD, time.perf_counter()
        while True:
            await connection.ask()
            answered[0] += 1
            due += step
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    tasks = [asyncio.create_task(ask_now_and_then(path)) for path in paths]
    try:
        yield answered
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


async def typing(server: ServerProcess) -> list[float]:
    """Milliseconds from a keystroke of one editor to its arrival at another, in order of size."""
    delays = []
    async with connect(f"{server.ws_url}/default/typing") as ann, connect(f"{server.ws_url}/default/typing") as ben:
        for client in (ann, ben):
            await _sync(client)
        typist = Typist(int(time.time()))
        for _ in range(KEYSTROKES):
            started = time.perf_counter()
            await ann.send(Update(typist.type("x")).encode())
            await ben.recv()
            delays.append(1000 * (time.perf_counter() - started))
            await asyncio.sleep(PAUSE)
    return sorted(delays)


async def _sync(client: ClientConnection) -> None:
    await client.send(SyncStep1(b"\x00").encode())
    while (await client.recv())[:2] != b"\x00\x01":
        pass


async def fill(url: str) -> list[str]:
    """Make tasks as agents make them; their ids."""
    async with httpx.AsyncClient(base_url=url) as client:
        ids = []
        for number in range(TASKS):
            body = {
                "title": f"Task {number}: make the journal commit in groups",
                "objective": "While one commit runs, the next batch gathers; nobody waits for a timer. " * 4,
                "acceptanceCriteria": ["One transaction a batch", "An acknowledgement only after it"],
                "labels": ["server", "journal"],
                "priority": "high",
            }
            answer = await client.post("/api/tasks", json=body)
            answer.raise_for_status()
            ids.append(str(answer.json()["task"]["id"]))
        return ids


def show(name: str, value: str, goal: str) -> None:
    """Print one row."""
    print(f"| {name} | {value} | {goal} |", flush=True)


async def measure(server: ServerProcess) -> None:
    """Print the table."""
    ids = await fill(server.url)
    one, many = f"/api/tasks/{ids[0]}", f"/api/tasks?workspaceId=default&limit={TASKS}"
    show("GET one task", f"{await rate(server.port, one):,.0f} /s", "3,000 /s")
    show(f"GET a list of {TASKS} tasks", f"{await rate(server.port, many):,.0f} /s", "500 /s")
    alone = await typing(server)
    async with load(server.port, [one] * 4 + [many]) as answered:
        started = time.perf_counter()
        beside = await typing(server)
        reached = answered[0] / (time.perf_counter() - started)
    for name, delays in (("alone", alone), (f"beside {reached:,.0f} requests/s", beside)):
        p99 = delays[int(0.99 * len(delays))]
        show(f"typing {name}: median / p99", f"{statistics.median(delays):.2f} / {p99:.2f} ms", "p99 + 5 ms at most")


def main() -> None:
    """Start a server on one core, and ask from the other."""
    cores = sorted(os.sched_getaffinity(0))
    print(f"REST on SQLite, Python {platform.python_version()}, {CONNECTIONS} connections, {SECONDS:.0f} s a row\n")
    print("| measure | value | goal |\n| --- | --- | --- |")
    with tempfile.TemporaryDirectory(prefix="routa-rest-") as folder, ServerProcess(data_dir=Path(folder)) as server:
        os.sched_setaffinity(server.pid, cores[:1])
        for thread in Path(f"/proc/{server.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), cores[:1])
        os.sched_setaffinity(0, cores[-1:])
        asyncio.run(measure(server))


if __name__ == "__main__":
    main()
