"""The composition root: which parts there are, and how they start and stop."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette

from crdt.presence import AwarenessLimits
from server.admission import AddressGuard
from server.api import (
    agents,
    background_tasks,
    codebases,
    conversations,
    events,
    health,
    metrics,
    notes,
    probes,
    schedules,
    tasks,
    tokens,
    workspaces,
)
from server.api.docs import DOCUMENT, document
from server.api.docs import ROUTES as DOCS
from server.api.errors import HANDLERS
from server.auth.authenticator import Authenticator
from server.auth.revocations import Revocations
from server.auth.setup import tokens_of
from server.bundle import FOLDER, Bundle
from server.clock import Clock, utc_now
from server.compactor import Compactor
from server.config import Settings, load
from server.countedlog import CountedLog
from server.counters import Counters
from server.delivery import Delivery
from server.flightrecorder import FlightRecorder
from server.headers import SecurityHeaders
from server.hocuspocus import serve_documents
from server.hookloader import load_hooks
from server.hookrunner import HookRunner
from server.hosted import HubLimits
from server.hub import Hub
from server.origins import OriginGuard
from server.service import Service, within
from server.sockets import Application
from server.stopping import StopAnswers
from server.supervisor import POLL, Flight
from server.ward import Ward
from server.webhooks import receiver_of
from server.ywebsocket import serve_note
from stores.engine import Database
from stores.notelog import NoteLog
from stores.quarantine import Quarantine
from stores.records.workspaces import DEFAULT, Workspaces
from stores.schema import upgrade

__all__ = ["Service", "build", "create_app", "running"]

TICK = 5.0
"""Seconds between two rounds of tidying up."""
ROUTERS = [
    health.routes,
    probes.routes,
    metrics.routes,
    workspaces.routes,
    codebases.routes,
    agents.routes,
    tasks.routes,
    conversations.routes,
    background_tasks.routes,
    schedules.routes,
    tokens.routes,
    events.routes,
    notes.routes,
]
"""The nouns of the HTTP side."""


@contextlib.asynccontextmanager
async def running(settings: Settings, clock: Clock = utc_now, flight: Flight | None = None) -> AsyncIterator[Service]:
    """Open the store, bring its schema up to date, and run the parts until the end of the block.

    Args:
        settings: what the server is told.
        clock: what it takes for the time of day.
        flight: what the supervisor tells it, where there is one.

    Raises:
        Misconfigured: the settings do not name a store, or have no secret that could be used.
        BadSettings: hooks or webhooks are set up in a way that cannot be.
        StoreError: the store cannot be opened.
    """
    hooks, receiver = load_hooks(settings.hooks), receiver_of(settings)
    database = await Database.open(settings.target())
    try:
        await upgrade(database)
        await Workspaces(database).ensure(DEFAULT, clock())
        ward = await _ward(database, clock, flight or Flight(FlightRecorder(settings.max_message_bytes)))
        hub = _hub(settings, log := CountedLog(database, ward.counters), ward)
        auth = await _authenticator(settings, database, clock)
        service = Service(settings, database, hub, auth, clock, HookRunner(hooks, settings.hook_seconds))
        service.delivery = None if receiver is None else Delivery(receiver, clock)
        tasks = [asyncio.create_task(work) for work in _background(service, ward)]
        log.created, hub.watcher, service.events.told = service.made, service.outside, service.outside.happened
        try:
            yield service
        finally:
            await _stop(service, tasks)
    finally:
        await database.close()


def _background(service: Service, ward: Ward) -> tuple[Coroutine[None, None, None], ...]:
    return (
        service.hub.journal.run(),
        _tick(service.hub),
        ward.run(),
        _beat(ward.recorder),
        service.ticker.run(),
        service.attendance.run(),
        service.watch.run(),
        service.auth.revocations.run(),
    )


async def _authenticator(settings: Settings, database: Database, clock: Clock) -> Authenticator:
    revocations = Revocations(database, clock)
    await revocations.refresh()
    return Authenticator(tokens_of(settings), revocations, clock)


async def _ward(database: Database, clock: Clock, flight: Flight) -> Ward:
    ward = Ward(Quarantine(database), flight.recorder, Counters(restarts=flight.restarts), clock)
    await ward.put_away(flight.incidents)
    return ward


async def _beat(recorder: FlightRecorder) -> None:
    while True:
        recorder.beat()
        await asyncio.sleep(POLL)


def _hub(settings: Settings, log: NoteLog, ward: Ward) -> Hub:
    awareness = AwarenessLimits(
        settings.max_awareness_bytes,
        settings.max_awareness_ids,
        settings.max_note_awareness_ids,
        settings.max_note_awareness_bytes,
    )
    limits = HubLimits(
        settings.max_note_bytes,
        settings.max_backlog_bytes,
        settings.max_total_backlog_bytes,
        settings.room_idle_seconds,
        settings.max_note_connections,
        awareness,
        settings.merge_seconds,
    )
    compactor = Compactor(log, settings.compact_updates, settings.compact_bytes, ward)
    return Hub(log, compactor, limits, time.monotonic)


async def _tick(hub: Hub) -> None:
    while True:
        await asyncio.sleep(TICK)
        hub.tick()


async def _stop(service: Service, tasks: list[asyncio.Task[None]]) -> None:
    service.events.close()
    service.typing.close()
    grace = 0.2 * service.settings.shutdown_seconds
    drained = await service.drain()
    telling = asyncio.create_task(service.outside.close(grace))
    if drained:
        await within(grace, service.hub.put_away())
    await telling
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def build(service: Service) -> Application:
    """Make the ASGI application of a running service."""
    return _application(lambda: _already(service))


def create_app() -> Application:
    """Make an ASGI application that runs a service of its own, set up from the environment, for any ASGI server."""
    return _application(lambda: running(load()))


@contextlib.asynccontextmanager
async def _already(service: Service) -> AsyncIterator[Service]:
    yield service


def _application(service: Callable[[], AbstractAsyncContextManager[Service]]) -> Application:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        async with service() as running_service:
            yield {"service": running_service}

    app = Application(
        sockets={"/ws/{address:path}": serve_note, "/hocuspocus": serve_documents, "/hocuspocus/": serve_documents},
        routes=[
            *Bundle(FOLDER).routes(),
            *DOCS,
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
        openapi_url=DOCUMENT,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
    )
    app.add_middleware(OriginGuard)
    app.add_middleware(AddressGuard)  # outside: it is asked first
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # FastAPI's include_router would look for each route twice
    # Around everything, what answers a defect included.
    app.middleware_stack = SecurityHeaders(StopAnswers(app.build_middleware_stack()))
    return app
