import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from server.api import probes
from stores.engine import Database
from tests.server.conftest import Here


async def ready(here: Here) -> tuple[int, str]:
    async with here.client() as client:
        answer = await client.get("/readyz")
    return answer.status_code, f"{answer.json()['status']}: {answer.json()['reason']}"


async def test_a_server_that_can_work_is_ready(here: Here) -> None:
    assert await ready(here) == (200, "ok: The store answers and takes edits.")
    async with here.client() as client:
        assert (await client.get("/livez")).json() == {"status": "ok"}


async def test_a_store_that_refuses_edits_is_not_ready(here: Here) -> None:
    here.service.hub.journal.available = False
    assert await ready(here) == (503, "unavailable: The store does not take edits at the moment; they wait.")
    async with here.client() as client:
        assert (await client.get("/livez")).status_code == 200


async def test_a_store_that_is_closed_is_not_ready(here: Here) -> None:
    here.service.database._closed = True
    status, sentence = await ready(here)
    here.service.database._closed = False
    assert status == 503
    assert "is closed" in sentence


async def test_a_store_that_does_not_answer_is_not_ready(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.asynccontextmanager
    async def hang(_: Database) -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr(probes, "PATIENCE", 0.01)
    with monkeypatch.context() as hanging:
        hanging.setattr(Database, "read", hang)
        status, sentence = await ready(here)
    assert status == 503
    assert "has not answered" in sentence


async def test_a_server_that_is_stopping_is_not_ready(here: Here) -> None:
    here.service.hub.stopping = True
    assert await ready(here) == (503, "stopping: The server is stopping.")
