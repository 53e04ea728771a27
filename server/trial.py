"""Trying an update in a process that may die of it.

The process is this module, run by itself: it is started when it is needed, kept for the next trial, and replaced when
it ends or takes too long. It knows nothing but what is tried: no settings, no secrets, no sockets.
"""

import asyncio
import os
import resource
import struct
import sys
import threading
from pathlib import Path
from typing import BinaryIO, cast

from crdt.document import Document
from crdt.encoding import write_uint
from crdt.errors import InvalidUpdate, ProtocolError, TryAgainLater
from crdt.statevector import decode
from crdt.updates import EMPTY

SECONDS = 5.0
"""How long one trial may take."""
MEMORY = 1 << 30
"""How many bytes of address space the process may have."""
STACK = 4 << 20
"""How many bytes of stack: half of what the server has, so that what goes well there goes well here."""
_HERE = str(Path(__file__).resolve().parents[1])
_LENGTH = struct.Struct("!I")


class Laboratory:
    """One process that tries one update after the other."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process, if there is one."""
        return None if self._process is None else self._process.pid

    async def examine(self, document: Document, update: bytes) -> ProtocolError | None:
        """Try an update on a copy of a document; say why it must be refused, nothing when it may be applied."""
        async with self._lock:
            try:
                parts = (document.encode(), document.waiting or EMPTY, update)
                async with asyncio.timeout(self._seconds):
                    return await self._ask(parts)
            except TimeoutError:
                await self.close()
                return InvalidUpdate("The update takes too long to apply.")
            except (asyncio.IncompleteReadError, ConnectionError):
                await self.close()
                return InvalidUpdate("The update cannot be applied: it ends the process that tries it.")
            except ProtocolError as error:
                return error
            except OSError:
                await self.close()
                return TryAgainLater(
                    "The server cannot look at this edit at the moment: reconnect and it is sent again."
                )

    async def _ask(self, parts: tuple[bytes, ...]) -> ProtocolError | None:
        process = self._process = self._process or await _start()
        questions, answers = cast(asyncio.StreamWriter, process.stdin), cast(asyncio.StreamReader, process.stdout)
        for part in parts:
            questions.write(_LENGTH.pack(len(part)))
            questions.write(part)
        await questions.drain()
        (length,) = _LENGTH.unpack(await answers.readexactly(_LENGTH.size))
        reason = (await answers.readexactly(length)).decode()
        return InvalidUpdate(reason) if reason else None

    async def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.trial",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join([_HERE, *filter(None, [os.environ.get("PYTHONPATH")])])},
    )


def run(state: bytes, waiting: bytes, update: bytes) -> str:
    """Try an update, and say what is wrong with it; the empty string when nothing is.

    It is applied to a copy of the document; then the document is encoded, loaded again, compared, and emptied.
    """
    try:
        document = Document(state, [waiting])
        document.apply(update)
        encoded = document.encode()
        again = Document(encoded)
        same = again.state_vector() == document.state_vector() and again.text() == document.text()
        if not same:
            return "The update cannot be kept: the document cannot be loaded as it would be."
        again.apply(_everything(again.state_vector()))
        again.encode()
    except ProtocolError as error:
        return str(error)
    return ""


def _everything(state_vector: bytes) -> bytes:
    """The update that deletes everything."""
    clocks = decode(state_vector)
    ranges = [write_uint(client) + b"\x01\x00" + write_uint(clock) for client, clock in clocks.items() if clock]
    return b"\x00" + write_uint(len(ranges)) + b"".join(ranges)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer one question after the other, until there are no more."""
    while head := source.read(_LENGTH.size):
        state = _read(source, head)
        reason = run(state, *(_read(source, source.read(_LENGTH.size)) for _ in range(2))).encode()
        sink.write(_LENGTH.pack(len(reason)) + reason)
        sink.flush()


def _read(source: BinaryIO, head: bytes) -> bytes:
    return source.read(_LENGTH.unpack(head)[0])


def main() -> None:
    """Be the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.stack_size(STACK)
    thread = threading.Thread(target=serve, args=(sys.stdin.buffer, sys.stdout.buffer))
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
