"""The real server on every store, and one node process, shared by all interop tests of a run."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.interop.database import Store
from tests.interop.node import NodeProcess
from tests.postgres import Postgres
from tests.server_process import ServerProcess


@pytest.fixture(scope="session", params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of its own for the server of this run."""
    if request.param == "memory":
        return Store("memory")
    if request.param == "sqlite":
        return Store("sqlite", data_dir=tmp_path_factory.mktemp("interop"))
    postgres: Postgres = request.getfixturevalue("postgres")
    return Store("postgres", {"DATABASE_URL": postgres.url(postgres.create())})


@pytest.fixture(scope="session")
def shared_server(store: Store) -> Iterator[ServerProcess]:
    """One server a store; rooms are evicted almost at once, so that every test also comes by there."""
    environment = store.environment | {"ROUTA_ROOM_IDLE_SECONDS": "0.2"}
    with ServerProcess(environment, data_dir=store.data_dir) as server:
        yield server


@pytest.fixture
def server(shared_server: ServerProcess) -> Iterator[ServerProcess]:
    """The server, running; what it writes to standard error is part of a failing test's report."""
    if not shared_server.running:
        shared_server.restart()
    yield shared_server
    print(shared_server.new_stderr())
    assert shared_server.running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def node() -> AsyncIterator[NodeProcess]:
    """A process for JavaScript clients."""
    async with NodeProcess() as process:
        yield process


@pytest.fixture(params=["1.5", "3"])
def version(request: pytest.FixtureRequest) -> str:
    """The version of the provider."""
    return str(request.param)


@pytest.fixture
def note() -> str:
    """The id of a note that nobody has opened yet."""
    return f"note-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def room(note: str) -> str:
    """The path of that note behind the server URL."""
    return f"default/{note}"
