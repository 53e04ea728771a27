"""The group commit: whatever is waiting in all rooms goes into one transaction; then everybody is told.

Who types alone waits for one commit. Where many type, the next batch gathers while a commit runs, and for as long as it
takes until ``APART`` has passed since the last one began: commits cost what edits are delivered with.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from crdt.contribution import Batch
from crdt.room import Room
from crdt.updates import EMPTY
from stores.errors import StoreError, Unavailable
from stores.notelog import NoteKey, NoteLog

logger = logging.getLogger("routa")

FIRST_RETRY, LAST_RETRY = 0.05, 2.0
"""Seconds between attempts while the store is away: the first pause, and the longest."""
APART = 0.005
"""Seconds from the beginning of one commit to that of the next, at the least."""
SLOW = 5.0
"""Seconds after which a commit that has no answer counts as one that failed."""


class Written(Protocol):
    """A note whose updates are to be kept."""

    key: NoteKey
    room: Room


class Journal:
    """Commits what the rooms hand over, in order."""

    def __init__(
        self, log: NoteLog, stored: Callable[[Written, Batch], None], lost: Callable[[Written, Exception], None]
    ) -> None:
        """Make a journal.

        Args:
            log: where updates are kept.
            stored: called after the commit of each batch.
            lost: called with the reason when the store refuses the updates of a note, as when it was deleted.
        """
        self._log = log
        self._stored = stored
        self._lost = lost
        self._waiting: dict[Written, int] = {}
        self._committing: dict[Written, Batch] = {}
        self._wake = asyncio.Event()
        self._done = asyncio.Event()
        self.available = True
        """Whether the store took the last commit, and does not hang in one."""
        self.backlog = 0
        """How many bytes of all notes wait for the store, or are on their way to it."""

    def add(self, note: Written) -> None:
        """Say that a note has something to keep."""
        size = note.room.unstored.bytes
        self.backlog += size - self._waiting.get(note, 0)
        self._waiting[note] = size
        self._wake.set()

    async def settled(self, note: Written) -> None:
        """Wait until everything a note had to keep is committed."""
        while note in self._waiting or note in self._committing:
            await self._done.wait()

    async def drained(self) -> None:
        """Wait until everything is committed."""
        while self._waiting or self._committing:
            await self._done.wait()

    @property
    def waiting(self) -> int:
        """How many notes have something that is not committed."""
        return len(self._waiting.keys() | self._committing.keys())

    async def run(self) -> None:
        """Commit, until cancelled."""
        now = asyncio.get_running_loop().time
        began = -APART
        while True:
            await self._wake.wait()
            if (early := began + APART - now()) > 0:
                await asyncio.sleep(early)
            self._wake.clear()
            began = now()
            await self._commit()

    async def _commit(self) -> None:
        notes, self._waiting = self._waiting, {}
        self._committing = {note: batch for note in notes if (batch := note.room.take_batch()) is not None}
        lost = await self._keep()
        self.backlog -= sum(notes.values())
        committed, self._committing = self._committing, {}
        for note, batch in committed.items():
            self._tell(note, batch, lost.get(note))
        self._done.set()
        self._done.clear()

    def _tell(self, note: Written, batch: Batch, error: Exception | None) -> None:
        try:
            if error is None:
                self._stored(note, batch)
            else:
                logger.error("The edits of %s/%s cannot be kept: %s", *note.key, error)
                self._lost(note, error)
        except Exception:
            logger.exception("A defect: %s/%s was not told what became of its edits", *note.key)

    async def _keep(self) -> dict[Written, Exception]:
        """Write the updates of the batches; which notes could not be written, and why."""
        notes = [note for note, batch in self._committing.items() if batch.update != EMPTY]
        if await self._refusal(notes) is None:
            return {}
        # One of them is at fault: the others must not suffer.
        refusals = {note: await self._refusal([note]) for note in notes}
        return {note: error for note, error in refusals.items() if error is not None}

    async def _refusal(self, notes: Sequence[Written]) -> Exception | None:
        try:
            await self._append(notes)
        except StoreError as error:
            return error
        except Exception as error:
            logger.exception("A defect while edits were written")
            return error
        return None

    async def _append(self, notes: Sequence[Written]) -> None:
        """Write updates in one transaction, for as long as it takes until the store is there.

        A commit whose outcome is unknown is made again: an update that is in the log twice has the effect of one.
        """
        rows = [(note.key, self._committing[note].update) for note in notes]
        pause = FIRST_RETRY
        while rows:
            hanging = asyncio.get_running_loop().call_later(SLOW, self._failed, "it has not answered a commit yet.")
            try:
                await self._log.append(rows)
                self._recovered()
                return
            except Unavailable as error:
                self._failed(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LAST_RETRY)
            finally:
                hanging.cancel()

    def _failed(self, error: StoreError | str) -> None:
        if self.available:
            logger.error("Edits are not being acknowledged until the store is back: %s", error)
        self.available = False

    def _recovered(self) -> None:
        if not self.available:
            logger.warning("The store is back: edits are being acknowledged again.")
        self.available = True
