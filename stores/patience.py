"""How long a database may take, and which connections are not to be trusted once it took too long."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager

GRACE = 2.0
"""Seconds that a connection gets to undo what it was doing, before it is cut off."""


class Patience:
    """The time limit of one database, shared by all who use it."""

    def __init__(self, seconds: float | None = None) -> None:
        """Set the limit of a transaction, in seconds; None: it may take for ever."""
        self._seconds = seconds
        self._suspected = 0.0

    @property
    def grace(self) -> float | None:
        """Seconds to undo a transaction; None: as long as it takes."""
        return None if self._seconds is None else GRACE

    def limit(self, *, lifted: bool = False) -> AbstractAsyncContextManager[object]:
        """End a block with TimeoutError when it takes too long; ``lifted``: never."""
        return asyncio.timeout(None if lifted else self._seconds)

    def suspect(self) -> None:
        """Say that a connection did not answer: those that were made before now may be as dead as that one."""
        self._suspected = time.monotonic()

    def trusts(self, made: float) -> bool:
        """Tell whether a connection that was made at this moment (``time.monotonic()``) may be used."""
        return made > self._suspected
