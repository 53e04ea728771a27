"""The note log, with its commits counted and timed."""

import time
from collections.abc import Sequence

from server.counters import Counters
from stores.engine import Database
from stores.notelog import NoteKey, NoteLog


class CountedLog(NoteLog):
    """A note log that says how its commits went."""

    def __init__(self, database: Database, counters: Counters) -> None:
        super().__init__(database)
        self._counters = counters

    async def append(self, batch: Sequence[tuple[NoteKey, bytes]]) -> None:
        """Add updates to the log."""
        began = time.perf_counter()
        try:
            await super().append(batch)
        except Exception:
            self._counters.commit_failures += 1
            raise
        self._counters.commits.observe(time.perf_counter() - began)
