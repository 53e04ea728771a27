"""Typing comes in many small edits: it is told of at most once a second a note, the last edit included."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from stores.errors import StoreError
from stores.notelog import NoteKey

logger = logging.getLogger("routa")

INTERVAL = 1.0
"""Seconds from one time a note is told of to the next."""


class Timer(Protocol):
    """Something that was put off."""

    def cancel(self) -> None:
        """Never do it."""


class Coalescer:
    """Tells of a note that changed: at once, and then once an interval for as long as it changes."""

    def __init__(
        self,
        tell: Callable[[NoteKey], Awaitable[None]],
        later: Callable[[float, Callable[[NoteKey], None], NoteKey], Timer],
    ) -> None:
        """Make a coalescer.

        Args:
            tell: what is done with a note that changed. A StoreError of it is logged, and the note told of next time.
            later: calls a function with a key after so many seconds, such as ``loop.call_later``.
        """
        self._tell = tell
        self._later = later
        self._changed: dict[NoteKey, bool] = {}
        self._timers: dict[NoteKey, Timer] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def changed(self, key: NoteKey) -> None:
        """Say that a note changed."""
        if key in self._changed:
            self._changed[key] = True
        elif not self._closed:
            self._start(key)

    def _start(self, key: NoteKey) -> None:
        self._changed[key] = False
        task = asyncio.get_running_loop().create_task(self._run(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, key: NoteKey) -> None:
        try:
            await self._tell(key)
        except StoreError as error:
            logger.warning("Nobody was told that %s/%s changed: %s", *key, error)
        except Exception:
            logger.exception("A defect while %s/%s was read for its listeners", *key)
        self._timers[key] = self._later(INTERVAL, self._end, key)

    def _end(self, key: NoteKey) -> None:
        del self._timers[key]
        if self._changed.pop(key):
            self._start(key)

    def close(self) -> None:
        """Tell of nothing more."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        for timer in self._timers.values():
            timer.cancel()
