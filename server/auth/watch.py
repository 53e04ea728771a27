"""Looks every second at those who are connected: whether what let them in still holds."""

import asyncio
import logging
from typing import Protocol

logger = logging.getLogger("routa")

PAUSE = 1.0
"""Seconds between two rounds."""


class Guest(Protocol):
    """Somebody who is connected."""

    def recheck(self) -> None:
        """Act on what has changed: a token that has expired, was taken back or reduced."""


class Watch:
    """All who are connected, whatever they speak."""

    def __init__(self) -> None:
        self._guests: dict[Guest, None] = {}

    def add(self, guest: Guest) -> None:
        """Look at somebody from now on."""
        self._guests[guest] = None

    def remove(self, guest: Guest) -> None:
        """Look no more. A second time does nothing."""
        self._guests.pop(guest, None)

    def look(self) -> None:
        """Look at everybody once. A defect with one is logged, and concerns nobody else."""
        for guest in tuple(self._guests):
            try:
                guest.recheck()
            except Exception:
                logger.exception("A defect while somebody's access was looked at")

    async def run(self) -> None:
        """Look every second, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            self.look()
