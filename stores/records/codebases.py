"""Codebases: the repositories that a workspace works on, one of them its default."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.errors import Conflict, NotFound
from stores.records.base import Records
from stores.tables import codebases, workspaces


class Codebase(NamedTuple):
    """A row of ``codebases``."""

    id: str
    workspace_id: str
    repo_path: str
    is_default: bool
    created_at: datetime
    updated_at: datetime
    branch: str | None
    label: str | None
    source_type: str | None
    source_url: str | None


class Codebases(Records[Codebase]):
    """All codebases. A workspace that has any has exactly one default: the first, until another one is chosen.

    Who changes which one it is locks the workspace first: two at once would each see the other's choice too late.
    """

    table = codebases
    record = Codebase
    noun = "codebase"

    async def add(self, connection: AsyncConnection, values: Mapping[str, object], now: datetime) -> Codebase:
        """Add a codebase in a transaction of the caller's; it becomes the default if there is none."""
        workspace = str(values["workspace_id"])
        await _lock(connection, workspace)
        found = await connection.scalar(_default_of(workspace))
        return await super().add(connection, {**values, "is_default": found is None}, now)

    def taken(self, values: Mapping[str, object]) -> Conflict:
        """Say that the workspace has this repository already."""
        return Conflict(f'The workspace has a codebase at "{values["repo_path"]}" already.')

    async def update(self, key: str, changes: Mapping[str, object], now: datetime, **only: object) -> Codebase:
        """Change a codebase; raises NotFound, and Conflict when another one of its workspace has the ``repo_path``."""
        try:
            return await super().update(key, changes, now, **only)
        except Conflict as error:
            raise self.taken(changes) from error

    async def choose(self, key: str, now: datetime) -> Codebase:
        """Make a codebase the default of its workspace; raises NotFound."""
        async with self.database.write() as connection:
            codebase = await self._hold(connection, key)
            if codebase.is_default:
                return codebase
            default = update(codebases).where(codebases.c.workspace_id == codebase.workspace_id, codebases.c.is_default)
            await connection.execute(default.values(is_default=False, updated_at=now))
            return await self.change(connection, key, {"is_default": True}, now)

    async def remove(self, key: str, now: datetime, workspace: str | None = None) -> None:
        """Delete a codebase, in this workspace if one is given; the oldest that is left takes a default's place.

        Raises NotFound.
        """
        async with self.database.write() as connection:
            codebase = await self._hold(connection, key)
            if workspace not in (None, codebase.workspace_id):
                raise self.missing(key)
            await connection.execute(codebases.delete().where(codebases.c.id == key))
            if codebase.is_default:
                await self._promote_oldest(connection, codebase.workspace_id, now)

    async def _promote_oldest(self, connection: AsyncConnection, workspace: str, now: datetime) -> None:
        rest = select(codebases.c.id).where(codebases.c.workspace_id == workspace)
        oldest = await connection.scalar(rest.order_by(codebases.c.created_at, codebases.c.id).limit(1))
        if oldest is not None:
            await self.change(connection, oldest, {"is_default": True}, now)

    async def _hold(self, connection: AsyncConnection, key: str) -> Codebase:
        """Lock the workspace of a codebase, and read the codebase as it is then; raises NotFound."""
        codebase = await self.get(connection, key)
        await _lock(connection, codebase.workspace_id)
        return await self.get(connection, key)


def _default_of(workspace: str) -> Select[tuple[str]]:
    return select(codebases.c.id).where(codebases.c.workspace_id == workspace, codebases.c.is_default)


async def _lock(connection: AsyncConnection, workspace: str) -> None:
    # On Postgres FOR NO KEY UPDATE: others may still add what belongs to the workspace. SQLite's writers are alone.
    row = select(workspaces.c.id).where(workspaces.c.id == workspace).with_for_update(key_share=True)
    if await connection.scalar(row) is None:
        raise NotFound(f'There is no workspace "{workspace}".')
