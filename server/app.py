"""The composition root: which parts there are, and how they start and stop."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.api.errors import http_error, unexpected_error
from server.api.health import health
from server.api.start import start_page
from server.compactor import Compactor
from server.config import Settings, load
from server.connection import serve_note
from server.hub import Hub, HubLimits
from stores.engine import Database
from stores.notelog import NoteLog
from stores.schema import upgrade

TICK = 5.0
"""Seconds between two rounds of tidying up."""


@dataclass
class Service:
    """The running parts."""

    settings: Settings
    database: Database
    hub: Hub
    _drained: bool | None = None

    @property
    def unfinished(self) -> int:
        """How many notes have edits that are not committed."""
        return self.hub.journal.waiting

    async def drain(self) -> bool:
        """Take nothing more, and commit and acknowledge what came in; whether that was done in time."""
        if self._drained is None:
            self._drained = await _within(0.5 * self.settings.shutdown_seconds, self.hub.drain())
        return self._drained


async def _within(seconds: float, work: Awaitable[None]) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        return False
    return True


@contextlib.asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Service]:
    """Open the store, bring its schema up to date, and run the parts until the end of the block.

    Raises:
        Misconfigured: the settings do not name a store.
        StoreError: the store cannot be opened.
    """
    database = await Database.open(settings.target())
    try:
        await upgrade(database)
        hub = _hub(settings, NoteLog(database))
        tasks = [asyncio.create_task(hub.journal.run()), asyncio.create_task(_tick(hub))]
        service = Service(settings, database, hub)
        try:
            yield service
        finally:
            await _stop(service, tasks)
    finally:
        await database.close()


def _hub(settings: Settings, log: NoteLog) -> Hub:
    limits = HubLimits(settings.max_note_bytes, settings.max_backlog_bytes, settings.room_idle_seconds)
    compactor = Compactor(log, settings.compact_updates, settings.compact_bytes)
    return Hub(log, compactor, limits, time.monotonic)


async def _tick(hub: Hub) -> None:
    while True:
        await asyncio.sleep(TICK)
        hub.tick()


async def _stop(service: Service, tasks: list[asyncio.Task[None]]) -> None:
    if await service.drain():
        await _within(0.2 * service.settings.shutdown_seconds, service.hub.put_away())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def build(service: Service) -> Starlette:
    """Make the ASGI application of a running service."""
    return _application(lambda: _already(service))


def create_app() -> Starlette:
    """Make an ASGI application that runs a service of its own, set up from the environment, for any ASGI server."""
    return _application(lambda: running(load()))


@contextlib.asynccontextmanager
async def _already(service: Service) -> AsyncIterator[Service]:
    yield service


def _application(service: Callable[[], AbstractAsyncContextManager[Service]]) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        async with service() as running_service:
            yield {"service": running_service}

    return Starlette(
        routes=[
            Route("/", start_page),
            Route("/api/health", health),
            WebSocketRoute("/ws/{address:path}", _note),
        ],
        exception_handlers={HTTPException: http_error, Exception: unexpected_error},
        lifespan=lifespan,
    )


async def _note(websocket: WebSocket) -> None:
    service: Service = websocket.state.service
    await serve_note(websocket, service.hub, service.settings.max_queue_bytes)
