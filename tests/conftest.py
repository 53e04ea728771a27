"""Fixtures for the stores: every one of them, real, and fresh for each test."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from stores.engine import Database
from stores.schema import upgrade
from stores.target import Driver, Target, choose
from tests.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A Postgres server for this test process."""
    with Postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty database."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def migrated_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a database with all tables, and nothing in them."""
    name = postgres.create(migrated=True)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, and nothing in them: to copy."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(_migrate(path))
    return path


async def _migrate(path: Path) -> None:
    database = await Database.open(choose(database_url=None, driver="sqlite", path=path, data_dir=None))
    await upgrade(database)
    await database.close()


def empty_target(driver: Driver, request: pytest.FixtureRequest) -> Target:
    """A store of this kind without any tables."""
    url = request.getfixturevalue("postgres_url") if driver is Driver.POSTGRES else None
    path = request.getfixturevalue("tmp_path") / "notes.db" if driver is Driver.SQLITE else None
    return choose(database_url=url, driver=driver, path=path, data_dir=None)


def migrated_target(driver: Driver, request: pytest.FixtureRequest) -> Target:
    """A store of this kind with all tables; in memory they are made when it is opened."""
    url = request.getfixturevalue("migrated_url") if driver is Driver.POSTGRES else None
    path = request.getfixturevalue("tmp_path") / "notes.db" if driver is Driver.SQLITE else None
    if path is not None:
        shutil.copy(request.getfixturevalue("migrated_file"), path)
    return choose(database_url=url, driver=driver, path=path, data_dir=None)


@pytest.fixture(params=list(Driver))
def target(request: pytest.FixtureRequest) -> Target:
    """Every store in turn, without any tables."""
    return empty_target(request.param, request)


@pytest.fixture(params=[Driver.SQLITE, Driver.POSTGRES])
def shared_target(request: pytest.FixtureRequest) -> Target:
    """Every store that two processes can open, without any tables."""
    return empty_target(request.param, request)


@pytest.fixture(params=list(Driver))
def ready_target(request: pytest.FixtureRequest) -> Target:
    """Every store in turn, with all tables (but in memory: ``database`` makes them)."""
    return migrated_target(request.param, request)


@pytest.fixture(params=[Driver.SQLITE, Driver.POSTGRES])
def shared_ready_target(request: pytest.FixtureRequest) -> Target:
    """Every store that two processes can open, with all tables."""
    return migrated_target(request.param, request)


@pytest.fixture
async def shared_database(shared_ready_target: Target) -> AsyncIterator[Database]:
    """Every store that two processes can open, open and with all tables."""
    database = await Database.open(shared_ready_target)
    yield database
    await database.close()


@pytest.fixture
async def database(ready_target: Target) -> AsyncIterator[Database]:
    """Every store in turn, open and with all tables."""
    database = await Database.open(ready_target)
    if ready_target.driver is Driver.MEMORY:
        await upgrade(database)
    yield database
    await database.close()
