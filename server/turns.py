"""When turns end: what came in for a note is then merged, sent on, and handed to the journal, once for all of it.

A turn of the notes is one of the event loop. Where a window is set, turns end at least so far apart, and more is merged
into one frame; what comes after a silence still goes on at once.
"""

import asyncio
import logging
from collections.abc import Callable

from server.hosted import HostedNote

logger = logging.getLogger("routa")


class Turns:
    """The notes for which something came in since the last turn."""

    def __init__(
        self, ended: Callable[[HostedNote], None], failed: Callable[[HostedNote, Exception], None], window: float = 0.0
    ) -> None:
        """Begin.

        Args:
            ended: ends the turn of a note.
            failed: is told of a note for which that was not possible.
            window: seconds from the end of one turn to that of the next, at the least.
        """
        self._ended = ended
        self._failed = failed
        self._window = window
        self._last = -window
        self._touched: dict[HostedNote, None] = {}

    def touch(self, note: HostedNote) -> None:
        """Say that something came in for a note."""
        if not self._touched:
            self._begin()
        self._touched[note] = None

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        if self._window and (early := self._last + self._window - loop.time()) > 0:
            loop.call_later(early, self.end)
        else:
            loop.call_soon(self.end)

    def end(self) -> None:
        """End the turn now."""
        touched, self._touched = self._touched, {}
        if self._window and touched:
            self._last = asyncio.get_running_loop().time()
        for note in touched:
            try:
                self._ended(note)
            except Exception as error:
                logger.exception("A defect: the clients of %s/%s are closed", *note.key)
                self._failed(note, error)
