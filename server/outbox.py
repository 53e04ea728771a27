"""What others are told of notes: in the order of each note, several notes at once, and never too much waiting."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from stores.notelog import NoteKey

logger = logging.getLogger("routa")

T = TypeVar("T")
AT_ONCE = 8
"""How many notes are told of at the same time."""


@dataclass(eq=False, slots=True)
class _Entry(Generic[T]):
    key: NoteKey
    item: T
    size: int
    passing: bool


class Outbox(Generic[T]):
    """Hands things over in tasks of its own: whoever adds something never waits."""

    def __init__(self, name: str, deliver: Callable[[T], Awaitable[None]], most: int, most_bytes: int) -> None:
        """Make an empty one.

        Args:
            name: what the things are, for the log.
            deliver: what is done with each; what it raises is logged.
            most: how many may wait.
            most_bytes: how large they may be together.
        """
        self.dropped = 0
        """How many were dropped since the start, as too many were waiting."""
        self._name = name
        self._deliver = deliver
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._passing: dict[_Entry[T], None] = {}
        self._lasting: dict[_Entry[T], None] = {}
        self._lanes: dict[NoteKey, dict[_Entry[T], None]] = {}
        self._ready: deque[NoteKey] = deque()
        self._tasks: dict[NoteKey, asyncio.Task[None]] = {}
        self._closed = False
        self._unreported = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def unfinished(self) -> int:
        """How many are waiting or being handed over."""
        return len(self._passing) + len(self._lasting) + len(self._tasks)

    def add(self, key: NoteKey, item: T, size: int = 0, passing: bool = True) -> None:
        """Hand something over as soon as all that was added for its note before has been.

        Args:
            key: the note that it is about.
            item: the thing.
            size: how many bytes of memory it takes.
            passing: whether it may be dropped before others when too much is waiting.
        """
        if self._closed:
            return
        entry = _Entry(key, item, size, passing)
        (self._passing if passing else self._lasting)[entry] = None
        self._bytes += size
        self._idle.clear()
        lane = self._lanes.setdefault(key, {})
        if not lane and key not in self._tasks:
            self._ready.append(key)
        lane[entry] = None
        self._make_room()
        self._start()

    def _make_room(self) -> None:
        while len(self._passing) + len(self._lasting) > self._most or self._bytes > self._most_bytes:
            self._take_out(next(iter(self._passing or self._lasting)))
            self.dropped += 1
            self._unreported += 1
            if self._unreported == 1:
                logger.error("Too many %s are waiting: the oldest are dropped.", self._name)

    def _take_out(self, entry: _Entry[T]) -> None:
        del (self._passing if entry.passing else self._lasting)[entry]
        self._bytes -= entry.size
        lane = self._lanes[entry.key]
        del lane[entry]
        if not lane:
            del self._lanes[entry.key]

    def _start(self) -> None:
        while self._ready and len(self._tasks) < AT_ONCE:
            key = self._ready.popleft()
            if key in self._lanes:
                entry = next(iter(self._lanes[key]))
                self._take_out(entry)
                self._tasks[key] = asyncio.get_running_loop().create_task(self._hand_over(entry))

    async def _hand_over(self, entry: _Entry[T]) -> None:
        try:
            await self._deliver(entry.item)
        except Exception:
            logger.exception("A defect: %s/%s is missing in the %s", *entry.key, self._name)
        finally:
            self._end(entry.key)

    def _end(self, key: NoteKey) -> None:
        del self._tasks[key]
        if self._closed:
            return
        if key in self._lanes:
            self._ready.append(key)
        self._start()
        if not self.unfinished:
            self._report()
            self._idle.set()

    def _report(self) -> None:
        if self._unreported:
            logger.warning("%d %s were dropped, as too many were waiting.", self._unreported, self._name)
            self._unreported = 0

    async def drained(self) -> None:
        """Wait until everything has been handed over."""
        await self._idle.wait()

    async def close(self, seconds: float) -> None:
        """Give what is left so many seconds; what is not handed over by then is counted in the log."""
        try:
            async with asyncio.timeout(seconds):
                await self.drained()
        except TimeoutError:
            logger.error("Stopped with %d %s not handed over.", self.unfinished, self._name)
        self._closed = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._report()
