"""The numbers of a running server, for Prometheus."""

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

from server.access import Access
from server.api.caller import Calling
from server.api.routing import Running
from server.metrics import ServiceCollector

routes = APIRouter(tags=["Health"], include_in_schema=False)


@routes.get("/metrics")
async def metrics(service: Running, caller: Calling) -> Response:
    """Give the numbers in Prometheus' text form; no name of a note and of nobody is among them."""
    caller.require_everywhere(Access.READ)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(service))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
