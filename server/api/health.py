"""Whether the server answers."""

from datetime import datetime

from starlette.responses import Response

from server.api.answers import answer
from server.api.models.base import Model
from server.api.routing import Running, router
from server.version import VERSION

routes = router("Health", for_anybody=True)


class Health(Model):
    """The answer of a server that runs."""

    status: str = "ok"
    timestamp: datetime
    version: str


@routes.get("/health", response_model=Health)
async def health(service: Running) -> Response:
    """Say that the server runs, and which release it is."""
    return answer({"status": "ok", "timestamp": service.clock(), "version": VERSION})
