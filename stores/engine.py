"""The database, opened: transactions to read and to write in, the same for all three stores."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Self

import asyncpg
from sqlalchemy import URL, Row, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import StaticPool

from stores import insertion
from stores.errors import Unavailable, translated
from stores.file import FileWatch, prepare_file
from stores.lane import Lane
from stores.patience import Patience
from stores.quick import Query, QuickReader, reading_engine
from stores.target import Driver, Target

_READERS = 4
"""Connections that read a SQLite file; each is a thread."""
_CONNECT_TIMEOUT = 15.0
"""Seconds for one connection to Postgres: a suspended Neon database needs a few to wake up."""
_MIGRATION_LOCK = int.from_bytes(b"routa.db")
"""Any number of 64 bits that no other program on the same Postgres will choose."""

Insert = postgresql.Insert | sqlite.Insert


class Database:
    """One open store. ``read()`` and ``write()`` give transactions; what escapes them is a StoreError.

    Never open one inside another: in memory, and between two writes on SQLite, the inner one would wait for ever.
    """

    def __init__(self, target: Target, reader: Lane, writer: Lane) -> None:
        self.target = target
        self._reader = reader
        self._writer = writer
        self._quick = (
            None if target.path is None else QuickReader(partial(reading_engine, target.path, target.busy_timeout))
        )
        self._closed = False

    @classmethod
    async def open(cls, target: Target) -> Self:
        """Open the store; creates a SQLite file and its folder.

        Raises Unavailable: unreachable, wrong password, folder not writable, not a database file; Misconfigured: the
        URL asks for something that cannot be had, such as a certificate file that is not there.
        """
        lanes = {Driver.POSTGRES: _postgres_lanes, Driver.SQLITE: _file_lanes, Driver.MEMORY: _memory_lanes}
        with translated(target.label):
            if target.path is not None:
                await asyncio.to_thread(prepare_file, target.path, target.busy_timeout)
            database = cls(target, *lanes[target.driver](target))
        try:
            async with database.read():
                pass
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def read(self, *, unlimited: bool = False) -> AsyncIterator[AsyncConnection]:
        """Give a transaction in which all statements see the same moment; nothing may be written in it.

        It may take as long as the target's ``timeout`` says, unless it is ``unlimited``.
        """
        with translated(self.target.label):
            async with self._open(self._reader).transaction(unlimited=unlimited) as connection:
                yield connection

    @asynccontextmanager
    async def write(self, *, unlimited: bool = False) -> AsyncIterator[AsyncConnection]:
        """Give a transaction that commits at the end of the block, and keeps nothing when the block raises.

        On SQLite writers take turns, in the order in which they asked. When it raises Unavailable the commit may have
        been made all the same: a connection was lost, or the time limit was reached, before its answer came.
        """
        with translated(self.target.label):
            async with self._open(self._writer).transaction(unlimited=unlimited) as connection:
                yield connection

    @asynccontextmanager
    async def migrate(self) -> AsyncIterator[AsyncConnection]:
        """Give a write transaction that no other ``migrate()`` overlaps, also of another server; without time limit."""
        async with self.write(unlimited=True) as connection:
            await connection.begin()  # tells Alembic to leave the transaction to us
            if self.target.driver is Driver.POSTGRES:  # on SQLite every write is alone already
                await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            yield connection

    async def read_rows(self, statement: Query, parameters: Mapping[str, object]) -> Sequence[Row[Any]]:
        """Give the rows of one statement that only reads: what ``read()`` does, with fewer hops between threads."""
        if self._quick is None:
            async with self.read() as connection:
                result = await connection.execute(statement, parameters)
                return list(result)
        with translated(self.target.label):
            self._open(self._reader)
            return await self._quick.rows(statement, parameters)

    async def insert(self, table: Table, names: tuple[str, ...], rows: Sequence[insertion.Row]) -> None:
        """Insert rows, values in the order of ``names``, in this order: all of them are committed when it returns.

        What ``write()`` does, with fewer hops between threads and fewer ways to Postgres. The values are strings, bytes
        and integers. When it raises Unavailable, they may be there all the same; after a lost connection, even twice.
        """
        if self.target.pooler or len(rows) > insertion.MOST:
            async with self.write() as connection:
                await connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])
            return
        with translated(self.target.label):
            lane = self._open(self._writer)
            await lane.commit(insertion.insertion(self.target.driver, table, names, rows))

    def insert_absent(self, table: Table) -> Insert:
        """Give an INSERT for this store that does nothing where the row's key is there already."""
        insert = postgresql.insert if self.target.driver is Driver.POSTGRES else sqlite.insert
        return insert(table).on_conflict_do_nothing()

    async def close(self) -> None:
        """Close all connections, once no transaction is open; in memory everything is gone with them."""
        self._closed = True
        with translated(self.target.label):
            if self._quick is not None:
                await self._quick.close()
            for engine in {self._reader.engine, self._writer.engine}:
                await engine.dispose()

    def _open(self, lane: Lane) -> Lane:
        if self._closed:
            raise Unavailable(f"{self.target.label} is closed.")
        return lane


def _engine(url: str | URL, **options: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None,
        skip_autocommit_rollback=True,
        hide_parameters=True,
        **options,
    )


def _postgres_lanes(target: Target) -> tuple[Lane, Lane]:
    options: dict[str, Any] = {"dsn": target.dsn, "timeout": _CONNECT_TIMEOUT}
    if target.system_ca:
        options["ssl"] = True
    if target.pooler:
        options |= {
            "statement_cache_size": 0,
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": _unnamed,
            "async_creator_fn": _connect_in_transaction,
        }
    engine = _engine(
        "postgresql+asyncpg://",
        connect_args=options,
        pool_size=target.pool_size,
        max_overflow=0,
        pool_timeout=target.busy_timeout,
    )
    if target.pooler:
        event.listen(engine.sync_engine, "connect", _commit_connect)

    event.listen(engine.sync_engine, "handle_error", _undo_cancelled)
    patience = Patience(target.timeout)

    def lane(begin: str) -> Lane:
        return Lane(engine, begin, tries=target.pool_size + 1, lasting=False, patience=patience)

    return lane("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"), lane("BEGIN ISOLATION LEVEL READ COMMITTED")


def _unnamed() -> str:
    return ""


async def _connect_in_transaction(**options: Any) -> object:
    """Connect behind a transaction pooler: what SQLAlchemy asks a new connection must reach one and the same server."""
    connection = await asyncpg.connect(**options)
    await connection.execute("BEGIN")
    return connection


def _commit_connect(connection: Any, record: object) -> None:  # noqa: ARG001
    connection.run_async(lambda link: link.execute("COMMIT"))


def _file_lanes(target: Target) -> tuple[Lane, Lane]:
    url = URL.create("sqlite+aiosqlite", database=str(target.path))
    script = f"PRAGMA synchronous={target.synchronous};"
    writer = _sqlite_engine(url, script, target, poolclass=StaticPool)
    reader = _sqlite_engine(url, script, target, pool_size=_READERS, max_overflow=0, pool_timeout=target.busy_timeout)
    check = FileWatch(target.path or Path()).check
    return Lane(reader, "BEGIN"), Lane(writer, "BEGIN IMMEDIATE", turn=asyncio.Lock(), check=check)


def _memory_lanes(target: Target) -> tuple[Lane, Lane]:
    engine = _sqlite_engine(URL.create("sqlite+aiosqlite"), "", target, poolclass=StaticPool)
    turn = asyncio.Lock()
    return Lane(engine, "BEGIN", turn=turn), Lane(engine, "BEGIN IMMEDIATE", turn=turn)


def _sqlite_engine(url: URL, script: str, target: Target, **options: Any) -> AsyncEngine:
    engine = _engine(url, connect_args={"timeout": target.busy_timeout}, **options)
    event.listen(engine.sync_engine, "connect", _pragmas(script + "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;"))
    event.listen(engine.sync_engine, "handle_error", _keep_connection)
    return engine


def _pragmas(script: str) -> Callable[[DBAPIConnection, object], None]:
    def run(connection: Any, record: object) -> None:  # noqa: ARG001
        connection.run_async(lambda link: link.executescript(script))

    return run


def _undo_cancelled(context: ExceptionContext) -> None:
    # The lane rolls a cancelled statement back, within bounds; SQLAlchemy would wait for a server that is frozen.
    if not isinstance(context.original_exception, Exception):
        context.is_disconnect = False


def _keep_connection(context: ExceptionContext) -> None:
    # A cancelled statement makes SQLAlchemy throw its connection away: in memory that would be the database itself.
    # SQLite runs the statements of a connection in order, so the ROLLBACK that follows is all it takes.
    context.is_disconnect = False
