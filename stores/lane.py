"""One way into a database: an engine, and transactions that begin, commit and are undone by the book."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from typing import Protocol, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from stores.errors import Conflict


class Link(Protocol):
    """A driver's own connection (asyncpg's or aiosqlite's): it sends one command as it is, unprepared."""

    async def execute(self, sql: str, /) -> object:
        """Send it; asyncpg answers with what Postgres says it did."""


class Lane:
    """An engine, how its transactions begin, and whose turn it is.

    The drivers are in autocommit and every BEGIN is ours: SQLite's must be IMMEDIATE where it writes, and on Postgres
    it shows whether a pooled connection is still alive at no cost, for it has to be sent anyway.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        begin: str,
        *,
        turn: AbstractAsyncContextManager[object] | None = None,
        tries: int = 1,
        lasting: bool = True,
    ) -> None:
        self.engine = engine
        self._begin_statement = begin
        self._turn = turn or nullcontext()
        self._tries = tries
        self._lasting = lasting

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Begin, and commit at the end of the block, or undo it when the block raises or is cancelled."""
        async with self._turn, self.engine.connect() as connection:
            try:
                link = await self._begin(connection, self._tries)
                yield connection
                await _commit(link)
            except BaseException:
                await self._undo(connection)
                raise

    async def _begin(self, connection: AsyncConnection, tries: int) -> Link:
        """Begin, on another connection where the pooled one turns out to be dead: nothing was done on it yet."""
        link = await _link(connection)
        try:
            await link.execute(self._begin_statement)
        except Exception:
            if tries == 1:
                raise
        else:
            return link
        await connection.invalidate()
        return await self._begin(connection, tries - 1)

    async def _undo(self, connection: AsyncConnection) -> None:
        """Roll back, also when this task is being cancelled; a connection that cannot is thrown away."""
        done = self._lasting or connection.invalidated
        try:
            if not connection.invalidated:
                with suppress(Exception):
                    await asyncio.shield(_rollback(await _link(connection)))
                    done = True
        finally:
            if not done:
                await connection.invalidate()


async def _rollback(link: Link) -> None:
    await link.execute("ROLLBACK")


async def _commit(link: Link) -> None:
    if await link.execute("COMMIT") == "ROLLBACK":  # Postgres says so, and raises nothing
        raise Conflict("A statement of this transaction had failed, so nothing of it was kept.")


async def _link(connection: AsyncConnection) -> Link:
    return cast(Link, (await connection.get_raw_connection()).driver_connection)
