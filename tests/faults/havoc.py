"""What befalls the server and its store in a soak, one fault after the other."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from tests.faults.ledger import Broken
from tests.faults.postgres import FragilePostgres
from tests.faults.world import World
from tests.server_process import PROJECT

Fault = Callable[[], Awaitable[None]]


class Havoc(ABC):
    """All faults in an order of chance, again and again: each comes before any comes twice."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._chance: random.Random = world.chance("havoc")
        self._backup = folder / "backup"

    @abstractmethod
    def _of_the_store(self) -> dict[str, Fault]: ...

    async def live(self) -> None:
        """Do one thing after the other until it is over."""
        faults: dict[str, Fault] = {
            "kill": self._kill,
            "kill the worker": self._kill_worker,
            "terminate": self._terminate,
            "back up": self._back_up,
            **self._of_the_store(),
        }
        while not self._world.over.is_set():
            order = list(faults)
            self._chance.shuffle(order)
            for name in order:
                await self._world.pause(self._chance.uniform(0.5, 3))
                if self._world.over.is_set():
                    return
                self._world.counts[f"fault: {name}"] += 1
                await faults[name]()

    async def _kill(self) -> None:
        """End everything with SIGKILL; what was acknowledged until then is looked for before anybody comes back."""
        await self._end(self._world.server.kill9)

    async def _terminate(self) -> None:
        """End it with SIGTERM, in the same way."""

        def terminate() -> None:
            status = self._world.server.terminate(20)
            if status != 0:
                raise Broken("a stop drains", f"the server ended with status {status}")

        await self._end(terminate)

    async def _end(self, end: Callable[[], None]) -> None:
        world = self._world
        world.gate.clear()
        try:
            await asyncio.to_thread(end)
            await world.everybody_away()
            await asyncio.to_thread(world.server.start)
            await world.audit("after a restart")
        finally:
            world.gate.set()

    async def _kill_worker(self) -> None:
        """End the server alone: its supervisor starts it again."""
        worker = self._world.server.worker
        if worker is not None:
            os.kill(worker, signal.SIGKILL)
            await self._world.until(lambda: self._world.server.worker not in (None, worker), "it is started again")

    async def _back_up(self) -> None:
        """Make a backup while it serves."""
        server = self._world.server
        command = [sys.executable, "-m", "server.cli", "backup", "--force", str(self._backup)]
        command += [] if server.data_dir is None else ["--data-dir", str(server.data_dir)]
        environment = server._environment()

        def run() -> "subprocess.CompletedProcess[str]":
            return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)

        made = await asyncio.to_thread(run)
        if made.returncode:
            raise Broken("a backup can be made at any time", made.stderr)


class SqliteHavoc(Havoc):
    """What befalls a SQLite file."""

    def _of_the_store(self) -> dict[str, Fault]:
        return {"busy file": self._busy, "kill while busy": self._kill_while_busy}

    async def _busy(self) -> None:
        """Hold the file's lock, as another process would."""
        assert self._world.server.data_dir is not None
        path = self._world.server.data_dir / "routa-notes.db"
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)) as connection:
            await asyncio.to_thread(connection.execute, "BEGIN IMMEDIATE")
            await self._world.pause(self._chance.uniform(0.2, 6))
            connection.execute("ROLLBACK")

    async def _kill_while_busy(self) -> None:
        holding = asyncio.create_task(self._busy())
        await self._world.pause(0.5)
        self._world.gate.clear()
        await asyncio.to_thread(self._world.server.kill9)
        await holding
        await self._kill()


class PostgresHavoc(Havoc):
    """What befalls a Postgres."""

    def __init__(self, world: World, folder: Path, postgres: FragilePostgres) -> None:
        super().__init__(world, folder)
        self._postgres = postgres

    def _of_the_store(self) -> dict[str, Fault]:
        return {
            "frozen Postgres": self._freeze,
            "kill while frozen": self._kill_while_frozen,
            "killed connections": self._kill_connections,
            "crashed Postgres": self._crash,
        }

    async def _freeze(self) -> None:
        """Let nothing of it go on for a while."""
        self._postgres.freeze()
        try:
            await self._world.pause(self._chance.uniform(0.2, 6))
        finally:
            self._postgres.thaw()

    async def _kill_while_frozen(self) -> None:
        self._postgres.freeze()
        try:
            await self._world.pause(self._chance.uniform(0.2, 3))
            self._world.gate.clear()
            await asyncio.to_thread(self._world.server.kill9)
        finally:
            self._postgres.thaw()
        await self._kill()

    async def _kill_connections(self) -> None:
        for _ in range(self._chance.randint(1, 10)):
            await asyncio.to_thread(self._postgres.kill_connections)
            await self._world.pause(self._chance.uniform(0, 0.3))

    async def _crash(self) -> None:
        """End it without a checkpoint, and start it again after a while."""
        await asyncio.to_thread(self._postgres.stop)
        await self._world.pause(self._chance.uniform(0, 3))
        await asyncio.to_thread(self._postgres.start)
