"""A random mix of everything that people, attackers and machines do to a server, and what must be so at the end.

``python -m tests.faults.soaking --seconds 60 --seed 7 --store both``; ``tests/faults/soak`` is the same. A seed repeats
the choices, not the moments at which they meet.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.faults.callers import REBORN, RestEditor, Undertaker
from tests.faults.editors import Editor, HocuspocusEditor, YWebsocketEditor
from tests.faults.havoc import Havoc, PostgresHavoc, SqliteHavoc
from tests.faults.ledger import Broken, audit
from tests.faults.postgres import FragilePostgres
from tests.faults.troublemakers import Troublemaker
from tests.faults.world import PLAIN, WILD, Actor, World
from tests.server_process import ServerProcess

MEBIBYTE = 1 << 20
BOUND = 384 * MEBIBYTE
"""Resident bytes that the server may have at most."""
SMALL = {
    "ROUTA_COMPACT_UPDATES": "20",
    "ROUTA_COMPACT_BYTES": "20000",
    "ROUTA_ROOM_IDLE_SECONDS": "0.5",
    "ROUTA_DB_TIMEOUT_SECONDS": "2",
    "ROUTA_MAX_QUEUE_BYTES": str(MEBIBYTE),
    "ROUTA_MAX_BACKLOG_BYTES": str(MEBIBYTE),
    "ROUTA_CONNECTION_BURST_BYTES": str(4 * MEBIBYTE),
    "ROUTA_CONNECTION_BYTES_PER_SECOND": str(MEBIBYTE),
}
"""Settings with which everything happens sooner."""


class Soak:
    """One run."""

    def __init__(self, world: World, havoc: Havoc, seconds: float, *, calm: bool) -> None:
        self._world = world
        self._calm = calm
        self._havoc = havoc
        self._seconds = seconds
        self._started = time.monotonic()
        self._peak = 0
        kinds = (YWebsocketEditor, HocuspocusEditor)
        self._editors: list[Editor] = [
            kind(world, f"{kind.__name__[0].lower()}{number}", note)
            for number, note in enumerate((*PLAIN, WILD))
            for kind in kinds
        ]

    async def run(self) -> None:
        """Let everybody do what they do, then see what is left.

        Raises:
            Broken, in an exception group: a promise was not kept.
        """
        world = self._world
        world.gate.set()
        async with asyncio.TaskGroup() as tasks:
            troublemakers = [Troublemaker(world, f"troublemaker {number}") for number in range(2)]
            staying: list[Actor] = [*self._editors, *([] if self._calm else [Undertaker(world)])]
            going: list[Actor] = [RestEditor(world), self._havoc, *([] if self._calm else troublemakers)]
            for one in staying:
                tasks.create_task(one.live())
            finite = [tasks.create_task(one.live()) for one in going]
            watch = tasks.create_task(self._watch())
            await asyncio.sleep(self._seconds)
            world.over.set()
            await asyncio.wait(finite)
            await self._converge()
            watch.cancel()
        await self._look_after_a_restart()

    async def _watch(self) -> None:
        """Look at the server's memory all the time, and say now and then how things are."""
        ticks = 0
        while True:
            await asyncio.sleep(0.5)
            self._look_at_memory()
            ticks += 1
            if not ticks % 10:
                print(f"{time.monotonic() - self._started:4.0f} s: {self.figures()}", flush=True)

    def _look_at_memory(self) -> None:
        try:
            status = Path(f"/proc/{self._world.server.worker}/status").read_text()
        except Exception:  # noqa: BLE001 - there is no server at the moment
            return
        resident = int((status.partition("VmRSS:")[2].split() or ["0"])[0]) * 1024
        self._peak = max(self._peak, resident)
        if resident > BOUND:
            raise Broken("memory is bounded", f"the server has {resident / MEBIBYTE:.0f} MiB")

    async def _converge(self) -> None:
        """See that all replicas of a note become equal, and the server's text to them."""
        world = self._world
        await world.until(
            lambda: all(one.synced and not one.away for one in self._everybody()), "everybody is back", 90
        )
        for note in (*PLAIN, WILD, REBORN):
            await self._until_equal(note)
        await self._until_kept()
        await self._compare()
        self._texts = {one.note: one.text for one in self._everybody()}
        world.done.set()

    async def _until_equal(self, note: str) -> None:
        def texts() -> set[str]:
            return {one.text for one in self._everybody() if one.note == note}

        try:
            await self._world.until(lambda: len(texts()) <= 1, "equal")
        except TimeoutError:
            states = {one.name: (len(one.text), one.state) for one in self._everybody() if one.note == note}
            raise Broken("all replicas converge", f"{note}: {states}") from None

    def _everybody(self) -> list[Editor]:
        return [one for one in self._world.residents if isinstance(one, Editor) and not one.gone]

    async def _until_kept(self) -> None:
        """Wait until the server has nothing left that is not committed."""
        async with asyncio.timeout(60):
            while "routa_journal_backlog_notes 0.0" not in (await self._get("/metrics")).text:
                await asyncio.sleep(0.05)
        if (await self._get("/readyz")).status_code != 200:
            raise Broken("it recovers by itself", "/readyz does not say so")

    async def _compare(self) -> None:
        for one in self._everybody():
            answer = await self._get(f"/api/notes/{one.note}/content")
            if answer.status_code != 200 or answer.text != one.text:
                raise Broken("REST shows what editors see", f"{one.note}: {answer.status_code}, as {one.name}")

    async def _get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self._world.server.url, timeout=30) as client:
            return await client.get(path)

    async def _look_after_a_restart(self) -> None:
        """Kill the server, and see that everything is there when nobody can bring it back."""
        world = self._world
        await asyncio.to_thread(world.server.kill9)
        await asyncio.to_thread(world.server.start)
        await world.audit("after the last restart")
        for note, text in self._texts.items():
            found = await world.text(note)
            audit(world.ledgers, note, found, "after the last restart")
            if found != text:
                raise Broken("what converged is what is stored", f"{note}: {len(found)} characters, not {len(text)}")
        defect = defect_in(world.server.stderr)
        if defect:
            raise Broken("no defect is logged", defect)

    def figures(self) -> str:
        """Say what has happened so far."""
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self._world.counts.items()))
        return f"{counts}; peak {self._peak / MEBIBYTE:.0f} MiB"


@contextmanager
def on(store: str, seed: int, module: str) -> Iterator[tuple[World, Havoc]]:
    """Start a server on a new store, and give what is to befall them."""
    with tempfile.TemporaryDirectory(prefix="routa-soak-") as name:
        folder = Path(name)
        if store == "sqlite":
            with SoakedServer(SMALL, data_dir=folder / "data", module=module) as server:
                world = World(server, seed)
                yield world, SqliteHavoc(world, folder)
            return
        with FragilePostgres() as postgres:
            url = postgres.url(postgres.create(migrated=True))
            with SoakedServer(SMALL | {"DATABASE_URL": url}, module=module) as server:
                world = World(server, seed)
                yield world, PostgresHavoc(world, folder, postgres)


class SoakedServer(ServerProcess):
    """The server, or another program that makes one."""

    def __init__(self, environment: dict[str, str], *, module: str, data_dir: Path | None = None) -> None:
        super().__init__(environment, data_dir=data_dir)
        self._module = module

    def _command(self) -> list[str]:
        return [self._module if word == "server.cli" else word for word in super()._command()]


def soak(store: str, seconds: float, seed: int, module: str, *, calm: bool) -> bool:
    """Run against a store, and print what came of it; whether every promise was kept."""
    print(f"{store}: --seconds {seconds:g} --seed {seed}", flush=True)
    with on(store, seed, module) as (world, havoc):
        run = Soak(world, havoc, seconds, calm=calm)
        errors: list[BaseException] = []
        try:
            asyncio.run(run.run())
        except* Exception as group:  # noqa: BLE001 - whatever it is, it is said, with the seed
            errors = list(leaves(group))
        for error in errors:
            print(f"{store}, --seed {seed}: BROKEN: {error}", flush=True)
            if not isinstance(error, Broken):
                traceback.print_exception(error, file=sys.stdout)
        if errors:
            log = world.server.stderr
            print(f"{run.figures()}\n{log[-4000:]}\n{defect_in(log)}", flush=True)
        else:
            print(f"{store}, --seed {seed}: every promise was kept: {run.figures()}", flush=True)
        return not errors


def defect_in(log: str) -> str:
    """Give the first defect that a server has logged, with what follows."""
    starts = [at for sign in ("Traceback", "A defect") if (at := log.find(sign)) >= 0]
    return log[max(0, min(starts) - 500) :][:8000] if starts else ""


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Give the exceptions in a group, and in the groups in it."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="for each store")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--store", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--server", default="server.cli", metavar="MODULE", help="what to start as the server")
    parser.add_argument("--calm", action="store_true", help="without those who do harm, and without deletions")
    given = parser.parse_args()
    stores = ("sqlite", "postgres") if given.store == "both" else (given.store,)
    kept = [soak(store, given.seconds, given.seed, given.server, calm=given.calm) for store in stores]
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()
