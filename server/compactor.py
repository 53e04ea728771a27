"""Keeps the logs of the open notes short: by count and by bytes, so that a note that is never idle is compacted too."""

import asyncio
import logging
from dataclasses import dataclass

from crdt.compaction import CompactionFailed, compact
from crdt.errors import InvalidUpdate
from server.culprit import mark_of
from server.foldaside import fold_aside
from server.ward import Ward
from stores.errors import StoreError
from stores.notelog import Compacted, NoteKey, NoteLog, StoredNote

logger = logging.getLogger("routa")

LARGE = 1024 * 1024
"""A snapshot this large, in bytes, doubles how long the log may grow: rewriting it costs more, too."""
LONG = 32 * 1024
"""Bytes of a log above which a note is folded in a process of its own: native code would hold the interpreter, and keep
everybody waiting, for more than a few milliseconds."""
HEAVY = 256 * 1024
"""The same for the bytes of a snapshot."""
FOLDS = 2
"""How many such processes there may be at once."""


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
        self._aside = asyncio.Semaphore(FOLDS)

    def opened(self, key: NoteKey, stored: StoredNote) -> None:
        """Take note of what the log of a note is like now."""
        growth = _Growth(len(stored.rows), _logged(stored))
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
        if growth.task is None and self._is_due(growth):
            growth.task = asyncio.get_running_loop().create_task(self._run(key, growth))

    def _is_due(self, growth: _Growth) -> bool:
        allowance = growth.patience * (1 + growth.snapshot // LARGE)
        return growth.rows >= self._max_rows * allowance or growth.bytes >= self._max_bytes * allowance

    async def _run(self, key: NoteKey, growth: _Growth) -> None:
        try:
            while self._growth.get(key) is growth and self._is_due(growth):  # it grows meanwhile
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
        except StoreError as error:
            self._failed(key, error)
            compacted = None
        else:
            compacted = await self._replace(key, stored)
        if compacted is None:
            growth.patience *= 2
            return
        growth.patience = 1
        growth.snapshot = len(compacted.state)
        growth.rows = max(0, growth.rows - len(stored.rows))
        growth.bytes = max(0, growth.bytes - _logged(stored))

    async def read(self, key: NoteKey, create: bool) -> StoredNote:
        """Read a note that is about to be opened; a log that would keep everybody waiting is folded before, elsewhere.

        Args:
            key: which note.
            create: make it if it is not there (see ``NoteLog.open_note``).

        Raises:
            NotFound: there is none, and it is not to be made.
            StoreError: the store did not give it.
        """
        stored = await (self._log.open_note(key) if create else self._log.read(key))
        if _logged(stored) <= LONG or await self._replace(key, stored) is None:
            return stored
        return await self._log.read(key)

    async def _replace(self, key: NoteKey, stored: StoredNote) -> Compacted | None:
        """Put a snapshot in the place of what was read; nothing when that failed, or somebody else did."""
        try:
            compacted = await self._fold(key, stored)
            done = await self._log.compact(key, stored, compacted)
        except (StoreError, InvalidUpdate, CompactionFailed) as error:
            self._failed(key, error)
            return None
        self.ward.counters.compactions += done
        return compacted if done else None

    def _failed(self, key: NoteKey, error: Exception) -> None:
        logger.error("The log of %s/%s was not compacted and stays as it is: %s", *key, error)
        self.ward.counters.compaction_failures += 1

    async def _fold(self, key: NoteKey, stored: StoredNote) -> Compacted:
        if _logged(stored) <= LONG and (stored.snapshot is None or len(stored.snapshot.state) <= HEAVY):
            return await asyncio.to_thread(self._fold_here, key, stored)
        async with self._aside:
            compacted = await asyncio.to_thread(_fold_aside, stored)
        if compacted is None:
            raise CompactionFailed("it could not be folded in a process of its own.")
        return compacted

    def _fold_here(self, key: NoteKey, stored: StoredNote) -> Compacted:
        with self.ward.recorder.aside(mark_of(key)):
            state, sealed, updates = _parts(stored)
            return Compacted(*compact(state, updates, sealed))


def _fold_aside(stored: StoredNote) -> Compacted | None:
    state, sealed, updates = _parts(stored)
    folded = fold_aside(state, updates, sealed)
    return None if folded is None else Compacted(*folded)


def _parts(stored: StoredNote) -> tuple[bytes | None, bytes | None, list[bytes]]:
    """Give the snapshot, what is known of it, and what is to be folded into it."""
    snapshot, updates = stored.snapshot, [row.update for row in stored.rows]
    if snapshot is None:
        return None, None, updates
    return snapshot.state, snapshot.sealed, updates if snapshot.pending is None else [snapshot.pending, *updates]


def _logged(stored: StoredNote) -> int:
    return sum(len(row.update) for row in stored.rows)
