"""What everybody in a soak shares: the server, the seed, the ledgers, and what was counted."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.faults.ledger import Ledger, audit
from tests.interop.pycrdt_client import PycrdtClient
from tests.server_process import ServerProcess

PLAIN = ("default/soak-a", "default/soak-b", "default/soak-c")
WILD = "default/soak-wild"
"""Where adversaries write, too."""


class Resident(Protocol):
    """Somebody who holds a replica, and could bring back what the server has lost."""

    @property
    def away(self) -> bool:
        """Whether nothing connects them with the server."""


class Actor(Protocol):
    """Somebody who takes part."""

    async def live(self) -> None:
        """Do what they do, until it is over."""


@dataclass
class World:
    """One run against one store."""

    server: ServerProcess
    seed: int
    counts: Counter[str] = field(default_factory=Counter)
    ledgers: list[Ledger] = field(default_factory=list)
    residents: set[Resident] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Nobody writes or does harm any more; writers stay connected."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    """Everybody goes."""
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is closed, residents stay away."""

    def chance(self, name: str) -> random.Random:
        """Give somebody a source of chance of their own, so that the others' choices do not depend on theirs."""
        return random.Random(f"{self.seed}/{name}")

    def ledger(self, note: str) -> Ledger:
        """Open a ledger."""
        made = Ledger(note)
        self.ledgers.append(made)
        return made

    async def pause(self, seconds: float) -> None:
        """Wait, or until it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self.over.wait()
        except TimeoutError:
            return

    async def until(self, condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
        """Wait until something is so; TimeoutError, saying what was waited for."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise TimeoutError(f"after {seconds} s still not so: {what}") from None

    async def everybody_away(self) -> None:
        """Wait until nobody is connected who could bring back what the server has lost."""
        await self.until(lambda: all(resident.away for resident in self.residents), "everybody is away")

    async def text(self, note: str) -> str:
        """Give what somebody sees who opens a note."""
        async with PycrdtClient(self.server.ws_url, note) as newcomer:
            return newcomer.text

    async def audit(self, when: str) -> None:
        """Hold what the server has of each note against the ledgers; nobody else may be connected."""
        for note in sorted({ledger.note for ledger in self.ledgers}):
            audit(self.ledgers, note, await self.text(note), when)
        self.counts["audits"] += 1
