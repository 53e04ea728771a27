"""One way into a database: an engine, and transactions that begin, commit and are undone by the book."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, Protocol, cast

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from stores.errors import Conflict
from stores.patience import Patience


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
        patience: Patience | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        """Make a lane.

        Args:
            engine: where its connections come from.
            begin: the statement that begins a transaction.
            turn: is held for as long as a transaction is open.
            tries: how many connections may turn out to be dead before it gives up.
            lasting: a connection is never thrown away.
            patience: how long a transaction may take.
            check: is called before and after each transaction, and raises when what is committed is not kept.
        """
        self.engine = engine
        self._begin_statement = begin
        self._turn = turn or nullcontext()
        self._tries = tries
        self._lasting = lasting
        self._patience = patience or Patience()
        self._check = check
        self._kept: Link | None = None

    @asynccontextmanager
    async def transaction(self, *, unlimited: bool = False) -> AsyncIterator[AsyncConnection]:
        """Begin, and commit at the end of the block, or undo it when the block raises or is cancelled.

        Raises TimeoutError when it takes too long, unless it is ``unlimited``: it may then have been committed or not.
        """
        try:
            async with self._turn, self._patience.limit(lifted=unlimited), self.engine.connect() as connection:
                try:
                    link = await self._begin(connection, self._tries)
                    yield connection
                    await _commit(link)
                    self._check()
                except BaseException:
                    await self._undo(connection)
                    raise
        except TimeoutError:
            self._patience.suspect()
            raise

    async def commit(self, statement: Callable[[Link], Awaitable[object]]) -> None:
        """Run one statement outside a transaction, so that it is committed, whole, when it has run.

        It runs again, on another connection, where the one that it ran on turns out to be dead: it may then have been
        committed twice. Raises TimeoutError when it takes too long: it may have been committed or not.
        """
        try:
            async with self._turn, self._patience.limit():
                self._check()
                if self._lasting:
                    await statement(self._kept or await self._keep())
                else:
                    await self._commit_on_a_living(statement)
                self._check()
        except TimeoutError:
            self._patience.suspect()
            raise

    async def _keep(self) -> Link:
        async with self.engine.connect() as connection:
            self._kept = await _link(connection)
            return self._kept

    async def _commit_on_a_living(self, statement: Callable[[Link], Awaitable[object]]) -> None:
        left = self._tries
        while True:
            async with self.engine.connect() as connection:
                if not self._patience.trusts(await _made(connection)):
                    await _cut(connection)
                    continue
                try:
                    await statement(await _link(connection))
                    return
                except BaseException as error:
                    left -= 1
                    await self._undo(connection)
                    if not (connection.invalidated and left and isinstance(error, Exception)):
                        raise

    async def _begin(self, connection: AsyncConnection, tries: int) -> Link:
        """Begin, on another connection where the pooled one turns out to be dead: nothing was done on it yet."""
        self._check()
        link = await _link(connection)
        if self._lasting or self._patience.trusts(await _made(connection)):
            try:
                await link.execute(self._begin_statement)
            except Exception:
                if tries == 1:
                    raise
            else:
                return link
        await _cut(connection)
        return await self._begin(connection, tries - 1)

    async def _undo(self, connection: AsyncConnection) -> None:
        """Roll back, also when this task is being cancelled; a connection that cannot is thrown away."""
        if connection.invalidated:
            return
        rollback = asyncio.create_task(_rollback(await _link(connection)))
        try:
            await asyncio.wait([rollback], timeout=self._patience.grace)
        finally:
            if not self._lasting and not (rollback.done() and rollback.result()):
                await _cut(connection)


async def _rollback(link: Link) -> bool:
    """Roll back; whether that was done. On SQLite there may be nothing left to undo."""
    try:
        await link.execute("ROLLBACK")
    except Exception:  # noqa: BLE001 - why does not matter: the connection is not used again
        return False
    return True


async def _commit(link: Link) -> None:
    if await link.execute("COMMIT") == "ROLLBACK":  # Postgres says so, and raises nothing
        raise Conflict("A statement of this transaction had failed, so nothing of it was kept.")


async def _link(connection: AsyncConnection) -> Link:
    return cast(Link, (await connection.get_raw_connection()).driver_connection)


async def _made(connection: AsyncConnection) -> float:
    """Give the moment since which a connection is known: it is new when nothing was noted on it."""
    made: float = (await connection.get_raw_connection()).info.setdefault("made", time.monotonic())
    return made


async def _cut(connection: AsyncConnection) -> None:
    """Throw a connection to Postgres away at once; SQLAlchemy alone would wait for the other side to say goodbye."""
    cast(Any, await _link(connection)).terminate()
    await connection.invalidate()
