"""What a frame to each of 200 sockets costs a Python server at the least: nothing but the writes.

The row runs this module in a process of its own: ``python -m benchmarks.sending CORE CORE`` prints a line for each way.
"""

import asyncio
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import uvloop

from benchmarks.bench import Bench
from benchmarks.contestants import FLOOR
from benchmarks.machine import cores

SOCKETS, ROUNDS, APART = 200, 500, 0.004
FRAME = b"\x82\x20" + b"x" * 32
"""As long as one typed letter."""


def sending(bench: Bench) -> None:
    """Measure the CPU of a write: by uvloop's transport, and straight by the system call."""
    if not bench.among((FLOOR,)):
        return
    command = [sys.executable, "-m", "benchmarks.sending", *map(str, cores())]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own module
    for line in done.stdout.splitlines():
        name, micros = json.loads(line)
        bench.record("sending", name, micros_per_delivery=micros)


def _receive(port: int, core: int) -> None:
    """Read what comes on as many sockets, until they end."""
    os.sched_setaffinity(0, {core})
    sockets = {}
    poll = select.epoll()
    for _ in range(SOCKETS):
        made = socket.create_connection(("127.0.0.1", port))
        sockets[made.fileno()] = made
        poll.register(made.fileno(), select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if not sockets[number].recv(65536):
                return


async def _send(ours: int, theirs: int) -> None:
    os.sched_setaffinity(0, {ours})
    listening = socket.create_server(("127.0.0.1", 0), backlog=SOCKETS)
    if os.fork() == 0:
        _receive(listening.getsockname()[1], theirs)
        os._exit(0)
    loop, transports = asyncio.get_running_loop(), []
    for _ in range(SOCKETS):
        transport, _protocol = await loop.connect_accepted_socket(asyncio.Protocol, listening.accept()[0])
        transports.append(transport)
    writes = [transport.write for transport in transports]
    numbers = [transport.get_extra_info("socket").fileno() for transport in transports]

    def by_transport() -> None:
        for write in writes:
            write(FRAME)

    def by_call() -> None:
        for number in numbers:
            os.write(number, FRAME)

    ways: tuple[tuple[str, Callable[[], None]], ...] = (("uvloop's transport", by_transport), ("os.write", by_call))
    for name, write_all in ways:
        began = time.process_time()
        for _ in range(ROUNDS):
            write_all()
            await asyncio.sleep(APART)
        micros = 1e6 * (time.process_time() - began) / ROUNDS / SOCKETS
        print(json.dumps([name, round(micros, 2)]), flush=True)


if __name__ == "__main__":
    uvloop.run(_send(int(sys.argv[1]), int(sys.argv[2])))
