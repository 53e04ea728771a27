"""The trials of all notes: what a room wants tried is tried, and the room goes on."""

import asyncio
from collections.abc import Callable
from typing import cast

from crdt.trials import Trial
from server.hosted import HostedNote
from server.peer import Peer
from server.trial import Laboratory


class TrialRuns:
    """Runs trials one after the other."""

    def __init__(self, clock: Callable[[], float], touched: Callable[[HostedNote], None]) -> None:
        """Make it; no process is started before the first trial.

        Args:
            clock: gives the time in seconds.
            touched: called with a note once an update of it was tried.
        """
        self._clock = clock
        self._touched = touched
        self._laboratory = Laboratory()
        self._tasks: dict[asyncio.Task[None], HostedNote] = {}

    def start(self, note: HostedNote) -> None:
        """Try what a room wants tried."""
        for trial in note.room.trials.take():
            task = asyncio.get_running_loop().create_task(self._run(note, trial))
            self._tasks[task] = note
            task.add_done_callback(self._tasks.pop)

    async def _run(self, note: HostedNote, trial: Trial) -> None:
        error = await self._laboratory.examine(note.room.document, trial.update)
        note.room.tried(trial, error, self._clock())
        if trial.session.error is not None:
            cast(Peer, trial.session.peer).close(trial.session.error)
        self.start(note)
        self._touched(note)

    async def settled(self, note: HostedNote) -> None:
        """Wait until no update of a note is tried any more."""
        while tasks := [task for task, other in self._tasks.items() if other is note]:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        """Try nothing more: what was not tried yet is not applied, and so not acknowledged."""
        for task, note in self._tasks.items():
            note.room.trials.clear()
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._laboratory.close()
