"""People who write and keep a ledger of what was acknowledged, and a server whose native code can be made to fail."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from crdt.updates import scan
from stores.engine import Database
from stores.notelog import NoteKey, NoteLog
from stores.target import choose
from tests.interop.pycrdt_client import UPDATE, PycrdtClient, Reader
from tests.server_process import PROJECT, ServerProcess


class CrashingServer(ServerProcess):
    """The server as ``crashing_server`` makes it."""

    def _command(self) -> list[str]:
        return ["tests.faults.crashing_server" if word == "server.cli" else word for word in super()._command()]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command on the same store."""
        folder = [] if self.data_dir is None else ["--data-dir", str(self.data_dir)]
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments, *folder],
            cwd=PROJECT,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    async def wait_for_another(self, than: int | None) -> int:
        """Wait until another process than this one serves; its id."""
        async with asyncio.timeout(30):
            while True:
                worker = self.worker
                if worker not in (None, than):
                    return worker
                await asyncio.sleep(0.01)


class Writer(PycrdtClient):
    """A client that knows how much of what it wrote came back, and so is committed."""

    def __init__(self, url: str, room: str) -> None:
        super().__init__(url, room)
        self.acknowledged = 0

    @property
    def closed(self) -> tuple[int | None, str | None]:
        """The code and the reason that it was closed with."""
        return self._socket.close_code, self._socket.close_reason

    async def gone(self) -> None:
        """Wait until the connection has ended."""
        async with asyncio.timeout(30):
            await self._reader

    async def back(self) -> None:
        """Connect again, with the same document, as a provider does."""
        self.synced = False
        async with asyncio.timeout(30):
            while not self.synced:
                with contextlib.suppress(ConnectionClosed, OSError):
                    await self.__aenter__()

    async def return_to_be_refused(self) -> tuple[int | None, str | None]:
        """Connect again, and wait for the close; its code and reason."""
        self.synced = True  # nothing is waited for
        await self.__aenter__()
        await self.gone()
        return self.closed

    def _receive(self, message: Reader) -> bytes | None:
        copy = Reader(message._data)
        answer = super()._receive(message)
        if copy.varuint() == 0 and copy.varuint() == UPDATE:
            mine = scan(copy.varbytes(), {}).ends.get(self.document.client_id, 0)
            self.acknowledged = max(self.acknowledged, mine)
        return answer


def clocks(state_vector: bytes) -> dict[int, int]:
    """Read a state vector."""
    reader = Reader(state_vector)
    return {reader.varuint(): reader.varuint() for _ in range(reader.varuint())}


async def close_of(server: ServerProcess, room: str) -> tuple[int, str]:
    """Connect until the server closes; its code and reason."""
    async with asyncio.timeout(30), connect(f"{server.ws_url}/{room}") as socket:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


async def until_dead(process: int | None) -> None:
    """Wait until a process is no more, or only waits to be buried."""
    async with asyncio.timeout(30):
        while _lives(process):
            await asyncio.sleep(0.01)


def _lives(process: int | None) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


async def plant(server: ServerProcess, key: NoteKey, *updates: bytes) -> None:
    """Put rows into the log of a note, past the server."""
    url = server.environment.get("DATABASE_URL")
    database = await Database.open(choose(database_url=url, driver=None, path=None, data_dir=server.data_dir))
    try:
        log = NoteLog(database)
        await log.open_note(key)
        await log.append([(key, update) for update in updates])
    finally:
        await database.close()
