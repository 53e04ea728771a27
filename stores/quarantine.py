"""What is kept away from the documents, and why: it stays here until somebody lets it back in or a repair is done."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.engine import Database
from stores.errors import NotFound
from stores.records.workspaces import add_workspace
from stores.tables import quarantine

MOST_KEPT = 1024 * 1024
"""The most bytes that are kept of an update; its size and its digest are those of the whole."""


class Kind(StrEnum):
    """What was put away."""

    UPDATE = "update"
    """An update that ended the server: it is refused, and so is whoever sent it."""
    NOTE = "note"
    """A note that cannot be loaded: nobody gets it until it is repaired."""
    DROPPED = "dropped"
    """A part of a note that a repair left out, whole."""


class Entry(NamedTuple):
    """What is known of something that was put away, but its bytes."""

    id: int
    workspace_id: str
    note_id: str
    kind: str
    digest: str
    """SHA-256, in hexadecimal digits."""
    size: int
    """In bytes."""
    ids: list[list[int]]
    """What an update writes: of each Yjs client, its id, the first clock, and the clock behind the last."""
    sender: str
    """Who sent it: ``token …`` or ``address …``, or nothing."""
    reason: str
    created_at: datetime


class Found(NamedTuple):
    """Something to put away; the fields are those of ``Entry``."""

    workspace_id: str
    note_id: str
    kind: Kind
    payload: bytes
    reason: str
    ids: Sequence[Sequence[int]] = ()
    sender: str = ""


def digest_of(payload: bytes) -> str:
    """Give the digest under which bytes are put away."""
    return sha256(payload).hexdigest()


_COLUMNS = [quarantine.c[name] for name in Entry._fields]
_LIST = select(*_COLUMNS).order_by(quarantine.c.id)
_ONE = _LIST.where(quarantine.c.id == bindparam("key"))
_PAYLOAD = select(quarantine.c.payload).where(quarantine.c.id == bindparam("key"))
_RELEASE = delete(quarantine).where(quarantine.c.id == bindparam("key"))
_ADMIT = delete(quarantine).where(
    quarantine.c.workspace_id == bindparam("workspace"),
    quarantine.c.note_id == bindparam("note"),
    quarantine.c.kind == Kind.NOTE.value,
)


class Quarantine:
    """All that is put away. Methods raise Unavailable when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, found: Sequence[Found], now: datetime) -> None:
        """Put something away; a second time does nothing."""
        async with self._database.write() as connection:
            for one in found:
                await add_workspace(self._database, connection, one.workspace_id, now)
            await self.put(connection, found, now)

    async def put(self, connection: AsyncConnection, found: Sequence[Found], now: datetime) -> None:
        """Put something away in a transaction of the caller's."""
        absent = self._database.insert_absent(quarantine)
        for one in found:
            kept = one.payload if one.kind is Kind.DROPPED else one.payload[:MOST_KEPT]
            values = one._asdict() | {"kind": one.kind.value, "payload": kept, "ids": [list(ids) for ids in one.ids]}
            values |= {"digest": digest_of(one.payload), "size": len(one.payload), "created_at": now}
            values["reason"] = one.reason.replace("\0", "\ufffd")  # Postgres keeps no NUL in a text
            await connection.execute(absent.values(values))

    async def list(self) -> list[Entry]:
        """Give everything that is put away, oldest first."""
        return [Entry._make(row) for row in await self._database.read_rows(_LIST, {})]

    async def payload(self, key: int) -> bytes:
        """Give the bytes of an entry, ``MOST_KEPT`` of them at most unless they were dropped; raises NotFound."""
        rows = await self._database.read_rows(_PAYLOAD, {"key": key})
        if not rows:
            raise _missing(key)
        payload: bytes = rows[0][0]
        return payload

    async def release(self, key: int) -> Entry:
        """Let something back in: it is taken again from the next attempt on. Raises NotFound."""
        async with self._database.write() as connection:
            row = (await connection.execute(_ONE, {"key": key})).one_or_none()
            if row is None:
                raise _missing(key)
            await connection.execute(_RELEASE, {"key": key})
        return Entry._make(row)

    async def admit(self, workspace: str, note: str) -> None:
        """Say that a note can be loaded again."""
        async with self._database.write() as connection:
            await self.let_in(connection, workspace, note)

    async def let_in(self, connection: AsyncConnection, workspace: str, note: str) -> None:
        """Say so in a transaction of the caller's."""
        await connection.execute(_ADMIT, {"workspace": workspace, "note": note})


def _missing(key: int) -> NotFound:
    return NotFound(f"There is nothing under {key} in the quarantine.")
