"""Workspaces: what everything else belongs to."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from stores.engine import Database
from stores.records.base import Records
from stores.tables import notes, workspaces

DEFAULT = "default"
"""The id of the workspace that is always there."""


class Workspace(NamedTuple):
    """A row of ``workspaces``."""

    id: str
    title: str
    status: str
    metadata: dict[str, str]
    created_at: datetime
    updated_at: datetime
    repo_path: str | None
    branch: str | None


class Workspaces(Records[Workspace]):
    """All workspaces. Each has a note ``spec`` from the start."""

    table = workspaces
    record = Workspace
    noun = "workspace"

    async def add(self, connection: AsyncConnection, values: Mapping[str, object], now: datetime) -> Workspace:
        """Add a workspace and its spec note, in a transaction of the caller's."""
        added = await super().add(connection, values, now)
        await _add_spec(self.database, connection, added.id, now)
        return added

    async def require(self, key: str) -> None:
        """Make sure that a workspace is there; raises NotFound with its name."""
        await self.read(key)

    async def ensure(self, key: str, now: datetime) -> None:
        """Add a workspace under its id as title, if it is not there."""
        async with self.database.write() as connection:
            await add_workspace(self.database, connection, key, now)


async def add_workspace(database: Database, connection: AsyncConnection, key: str, now: datetime) -> None:
    """Add a workspace with its spec note, if it is not there, in a transaction of the caller's."""
    absent = database.insert_absent(workspaces)
    result = await connection.execute(absent.values(id=key, title=key, created_at=now, updated_at=now))
    if result.rowcount:
        await _add_spec(database, connection, key, now)


async def _add_spec(database: Database, connection: AsyncConnection, key: str, now: datetime) -> None:
    spec = {"workspace_id": key, "id": "spec", "title": "Spec", "type": "spec", "created_at": now, "updated_at": now}
    await connection.execute(database.insert_absent(notes).values(spec))
