import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from websockets.asyncio.client import connect

from crdt.messages import SyncStep1
from server import app as app_module
from server.app import create_app
from server.runner import listen
from server.version import VERSION
from tests.server.conftest import Here, quick, until


async def get(here: Here, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient(base_url=here.url) as client:
        return await client.request(method, path)


async def test_health_answers(here: Here) -> None:
    answer = await get(here, "/api/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok"
    assert body["version"] == VERSION
    assert body["timestamp"].endswith("Z")
    assert len(body["timestamp"]) == len("2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence"),
    [
        ("GET", "/nowhere", 404, "There is nothing at this address."),
        ("POST", "/api/health", 405, "This address does not take that method."),
        ("GET", "/ws/default/a", 404, "There is nothing at this address."),
    ],
)
async def test_a_failure_is_a_sentence_in_json(here: Here, method: str, path: str, status: int, sentence: str) -> None:
    answer = await get(here, path, method)
    assert (answer.status_code, answer.json()) == (status, {"error": sentence})


@contextlib.asynccontextmanager
async def elsewhere(app: Starlette) -> AsyncIterator[str]:
    """Run an application on a server that knows nothing of ours; its address, without the scheme."""
    sock = listen("127.0.0.1", 0)
    options: dict[str, Any] = {"ws": "websockets-sansio", "lifespan": "on", "log_config": None}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    task = asyncio.create_task(server.serve(sockets=[sock]))
    await until(lambda: server.started or task.done())
    try:
        yield f"127.0.0.1:{sock.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def test_another_asgi_server_runs_the_application_with_a_service_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app_module, "load", quick)
    async with elsewhere(create_app()) as address, httpx.AsyncClient() as client:
        assert (await client.get(f"http://{address}/api/health")).json()["status"] == "ok"
        async with connect(f"ws://{address}/ws/default/a") as socket:
            assert await socket.recv() == SyncStep1(b"\x00").encode()


async def test_a_defect_is_a_sentence_too_and_its_trace_stays_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(request: Request) -> Response:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(app_module, "load", quick)
    app = create_app()
    app.router.routes.append(Route("/broken", broken))
    async with elsewhere(app) as address, httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/broken")
    assert (answer.status_code, answer.json()) == (500, {"error": "The server made a mistake; its log says more."})
