"""What this process knows of the tokens that were taken back, on this server or on another one of the same database."""

import asyncio
import logging
from datetime import UTC, datetime

from server.clock import Clock
from stores.engine import Database
from stores.errors import StoreError
from stores.records.revoked_tokens import Remaining, RevokedTokens

logger = logging.getLogger("routa")

PAUSE = 2.0
"""Seconds between two looks at the database."""


class Revocations:
    """The tokens that were taken back, in memory: asked for each request, and looked up every few seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._records = RevokedTokens(database)
        self._clock = clock
        self._known: dict[str, Remaining] = {}
        self._failing = False

    def remaining(self, token_id: str | None) -> Remaining | None:
        """Say what is left of a token that was taken back; None for one that was not."""
        return None if token_id is None else self._known.get(token_id)

    async def revoke(self, token_id: str, remaining: Remaining, expires_at: float | None) -> None:
        """Take a token back, or leave it to read; here at once, on other servers within ``PAUSE``.

        Raises Unavailable.
        """
        end = None if expires_at is None else datetime.fromtimestamp(expires_at, UTC)
        await self._records.revoke(token_id, self._clock(), remaining, end)
        await self.refresh()

    async def refresh(self) -> None:
        """Read what is in the database; raises Unavailable."""
        self._known = await self._records.all(self._clock())

    async def run(self) -> None:
        """Follow the database until cancelled; while it is away, what was known before holds."""
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await self.refresh()
                self._failing = False
            except StoreError as error:
                if not self._failing:
                    logger.error(
                        "Tokens that are taken back elsewhere stay valid here until the store is back: %s", error
                    )
                self._failing = True
