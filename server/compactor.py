"""Keeps the logs of the open notes short: by count and by bytes, so that a note that is never idle is compacted too."""

import asyncio
import logging
from dataclasses import dataclass

from crdt.compaction import CompactionFailed, compact
from crdt.errors import InvalidUpdate
from server.culprit import mark_of
from server.ward import Ward
from stores.errors import StoreError
from stores.notelog import Compacted, NoteKey, NoteLog, StoredNote

logger = logging.getLogger("routa")

LARGE = 1024 * 1024
"""A snapshot this large, in bytes, doubles how long the log may grow: rewriting it costs more, too."""


@dataclass(slots=True)
class _Growth:
    """How long the log of a note has become."""

    rows: int = 0
    bytes: int = 0
    snapshot: int = 0
    patience: int = 1
    """Doubled with each attempt that failed, so that a note that cannot be compacted is not tried all the time."""
    task: asyncio.Task[None] | None = None


class Compactor:
    """Folds the log of a note into its snapshot when it has grown, and when the note is put away."""

    def __init__(self, log: NoteLog, max_rows: int, max_bytes: int, ward: Ward | None = None) -> None:
        """Make a compactor.

        Args:
            log: what to compact.
            max_rows: how many rows a log may have.
            max_bytes: how many bytes a log may have.
            ward: what has an eye on documents while they are made.
        """
        self.ward = ward or Ward()
        self._log = log
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._growth: dict[NoteKey, _Growth] = {}

    def opened(self, key: NoteKey, stored: StoredNote) -> None:
        """Take note of what the log of a note is like now."""
        growth = _Growth(len(stored.rows), sum(len(row.update) for row in stored.rows))
        if stored.snapshot is not None:
            growth.snapshot = len(stored.snapshot.state)
        self._growth[key] = growth
        self._start_if_due(key, growth)

    def appended(self, key: NoteKey, size: int) -> None:
        """Take note of a row of so many bytes; compact if the log is too long now."""
        growth = self._growth.get(key)
        if growth is not None:
            growth.rows += 1
            growth.bytes += size
            self._start_if_due(key, growth)

    def _start_if_due(self, key: NoteKey, growth: _Growth) -> None:
        allowance = growth.patience * (1 + growth.snapshot // LARGE)
        if growth.task is None and (
            growth.rows >= self._max_rows * allowance or growth.bytes >= self._max_bytes * allowance
        ):
            growth.task = asyncio.get_running_loop().create_task(self._run(key, growth))

    async def _run(self, key: NoteKey, growth: _Growth) -> None:
        try:
            await self._compact(key, growth)
        finally:
            growth.task = None

    async def finish(self, key: NoteKey) -> None:
        """Compact what was written since the last time, and forget the note."""
        growth = self._growth.get(key)
        if growth is None:
            return
        if growth.task is not None:
            await asyncio.wait([growth.task])
        if growth.rows:
            await self._compact(key, growth)
        self._growth.pop(key, None)

    def forget(self, key: NoteKey) -> None:
        """The note is gone."""
        self._growth.pop(key, None)

    async def _compact(self, key: NoteKey, growth: _Growth) -> None:
        """Fold the log into the snapshot. A failure is logged and costs nothing: the log stays as it is."""
        try:
            stored = await self._log.read(key)
            compacted = await asyncio.to_thread(self._fold, key, stored)
            done = await self._log.compact(key, stored, compacted)
        except (StoreError, InvalidUpdate, CompactionFailed) as error:
            logger.error("The log of %s/%s was not compacted and stays as it is: %s", *key, error)
            self.ward.counters.compaction_failures += 1
            done = False
        if not done:
            growth.patience *= 2
            return
        self.ward.counters.compactions += 1
        growth.patience = 1
        growth.snapshot = len(compacted.state)
        growth.rows = max(0, growth.rows - len(stored.rows))
        growth.bytes = max(0, growth.bytes - sum(len(row.update) for row in stored.rows))

    def _fold(self, key: NoteKey, stored: StoredNote) -> Compacted:
        with self.ward.recorder.aside(mark_of(key)):
            return _fold(stored)


def _fold(stored: StoredNote) -> Compacted:
    snapshot = stored.snapshot
    state, pending = (snapshot.state, snapshot.pending) if snapshot is not None else (None, None)
    return Compacted(*compact(state, pending, [row.update for row in stored.rows]))
