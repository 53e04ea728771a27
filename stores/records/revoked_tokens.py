"""Tokens that were taken back: which, and what they may still be used for."""

from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, delete, or_, select, update

from stores.engine import Database
from stores.tables import revoked_tokens

Remaining = Literal["none", "read"]
"""What a token that was taken back is still good for."""

_COLUMNS = revoked_tokens.c
_VALID = select(_COLUMNS.id, _COLUMNS.access).where(
    or_(_COLUMNS.expires_at.is_(None), _COLUMNS.expires_at > bindparam("now"))
)
_EXPIRED = delete(revoked_tokens).where(_COLUMNS.expires_at <= bindparam("now"))


class RevokedTokens:
    """All tokens that were taken back. All methods raise Unavailable when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def revoke(
        self, key: str, now: datetime, remaining: Remaining = "none", expires_at: datetime | None = None
    ) -> None:
        """Take a token back; one that was left to read can still be taken back wholly, and not the other way round.

        Args:
            key: the token's id.
            now: the time. What had expired by then is forgotten.
            remaining: what it is still good for.
            expires_at: when the token ends by itself, and with it this entry; never unless known.
        """
        values = {"id": key, "access": remaining, "revoked_at": now, "expires_at": expires_at}
        async with self._database.write() as connection:
            await connection.execute(_EXPIRED, {"now": now})
            added = await connection.execute(self._database.insert_absent(revoked_tokens).values(**values))
            if not added.rowcount and remaining == "none":
                change = update(revoked_tokens).where(_COLUMNS.id == key)
                await connection.execute(change.values(access=remaining, revoked_at=now))

    async def all(self, now: datetime) -> dict[str, Remaining]:
        """Give every token that was taken back and would not have expired yet, with what is left of it."""
        rows = await self._database.read_rows(_VALID, {"now": now})
        return {row.id: row.access for row in rows}
