"""A store in memory, and the real server in this process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.app import running
from server.clock import Clock, utc_now
from server.config import Settings
from server.runner import NotesServer, listen
from server.service import Service
from stores.engine import Database
from stores.notelog import NoteLog
from stores.schema import upgrade
from stores.target import Driver, Target, choose
from tests.conftest import migrated_target


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Let other tasks run until something is true."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    opened = await Database.open(choose(database_url=None, driver="memory", path=None, data_dir=None))
    await upgrade(opened)
    yield opened
    await opened.close()


@pytest.fixture
def log(database: Database) -> NoteLog:
    return NoteLog(database)


@dataclass
class Here:
    """A server that runs in this process."""

    service: Service
    server: NotesServer
    port: int
    stopped: "asyncio.Task[None]"

    def client(self) -> httpx.AsyncClient:
        """A client of the HTTP side."""
        return httpx.AsyncClient(base_url=self.url, timeout=30)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, path: str = "/ws/default/spec", **options: Any) -> connect:
        """A plain WebSocket client."""
        return connect(f"ws://127.0.0.1:{self.port}{path}", compression=None, max_size=None, **options)


@contextlib.asynccontextmanager
async def serving(settings: Settings, clock: Clock = utc_now, **uvicorn_options: Any) -> AsyncIterator[Here]:
    """Run a server with these settings until the end of the block."""
    async with running(settings, clock) as service:
        sock = listen("127.0.0.1", 0)
        server = NotesServer(service)
        for name, value in uvicorn_options.items():
            setattr(server.config, name, value)
        task = asyncio.create_task(server.serve(sockets=[sock]))
        await until(lambda: server.started or task.done())
        try:
            yield Here(service, server, sock.getsockname()[1], task)
        finally:
            server.should_exit = True
            await task


def quick(**changes: Any) -> Settings:
    """Settings for a server in memory that asks for no tokens, without a ``.env`` file."""
    defaults: dict[str, Any] = {"shutdown_seconds": 2.0, "auth": "off"}
    return Settings(**(defaults | changes), _env_file=None)


@pytest.fixture(params=list(Driver))
def every_settings(request: pytest.FixtureRequest) -> Settings:
    """Settings for every store in turn."""
    return settings_for(migrated_target(request.param, request))


@pytest.fixture(params=[Driver.SQLITE, Driver.POSTGRES])
def shared_settings(request: pytest.FixtureRequest) -> Settings:
    """Settings for every store that two servers can open."""
    return settings_for(migrated_target(request.param, request))


def settings_for(target: Target) -> Settings:
    """Settings for a store."""
    return quick(database_url=target.dsn or None, db_driver=target.driver, db_path=target.path)


@pytest.fixture
async def everywhere(every_settings: Settings) -> AsyncIterator[Here]:
    """A server on every store in turn."""
    async with serving(every_settings) as started:
        yield started


@pytest.fixture
async def http(everywhere: Here) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server on every store in turn."""
    async with everywhere.client() as client:
        yield client


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    async with serving(quick()) as started:
        yield started


async def close_of(client: ClientConnection) -> tuple[int | None, str | None]:
    """Read until the server closes; its code and reason."""
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await client.recv()
    return client.close_code, client.close_reason
