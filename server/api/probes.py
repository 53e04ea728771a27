"""Whether the server lives, and whether it can be sent people: for those who run it."""

import asyncio

from fastapi import APIRouter
from starlette.responses import Response

from server.api.answers import answer
from server.api.routing import Running
from server.service import Service
from stores.errors import StoreError

PATIENCE = 2.0
"""Seconds that the store has to answer."""

routes = APIRouter(tags=["Health"], include_in_schema=False)


@routes.get("/livez")
async def livez() -> Response:
    """Say that the process answers: when it does not, start it again."""
    return answer({"status": "ok"})


@routes.get("/readyz")
async def readyz(service: Running) -> Response:
    """Say whether edits can be taken and kept: when not, send people elsewhere or wait. 503 with a sentence."""
    status, sentence = await _readiness(service)
    return answer({"status": status, "reason": sentence}, 200 if status == "ok" else 503)


async def _readiness(service: Service) -> tuple[str, str]:
    if service.hub.stopping:
        return "stopping", "The server is stopping."
    if not service.hub.journal.available:
        return "unavailable", "The store does not take edits at the moment; they wait."
    try:
        async with asyncio.timeout(PATIENCE), service.database.read():
            pass
    except TimeoutError:
        return "unavailable", f"The store has not answered for {PATIENCE:g} seconds."
    except StoreError as error:
        return "unavailable", str(error)
    return "ok", "The store answers and takes edits."
