"""What the routers of all nouns have in common: how a body is read, and which failures every route may answer with."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response

from server.api.caller import KNOWN
from server.api.errors import Refusal
from server.api.models.base import Failure
from server.service import Service

CONFLICT: dict[int | str, dict[str, Any]] = {409: {"model": Failure, "description": "A conflict"}}
"""For ``responses=`` of a route that may answer 409."""
_FAILURES: dict[int | str, dict[str, Any]] = {
    400: {"model": Failure, "description": "The request is malformed: the sentence names the field"},
    404: {"model": Failure, "description": "Something that the request names is not there"},
    503: {"model": Failure, "description": "The store cannot be reached"},
}

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Failure, "description": "A token is needed, or this one is not valid"},
    403: {"model": Failure, "description": "The token does not allow this"},
}


async def _service(request: Request) -> Service:
    service: Service = request.state.service
    return service


Running = Annotated[Service, Depends(_service)]
"""The type of a handler's argument that is to be the running service."""


class JsonRequest(Request):
    """A request whose body is strict JSON (RFC 8259) and not too large."""

    async def body(self) -> bytes:
        """Read the body.

        Raises:
            Refusal: it is too large, or is not said to be JSON.
        """
        if not hasattr(self, "_body"):
            self._body = await self._read(self.state.service.settings.max_body_bytes)
            if self._body and not _is_json(self.headers.get("content-type", "")):
                raise Refusal(415, "The body must be JSON: send it with Content-Type: application/json.")
        return self._body

    async def _read(self, limit: int) -> bytes:
        length = self.headers.get("content-length", "0")
        size = int(length) if length.isdecimal() else 0
        chunks: list[bytes] = []
        if size <= limit:
            size = 0
            async for chunk in self.stream():
                chunks.append(chunk)
                size += len(chunk)
                if size > limit:
                    break
        if size > limit:
            raise Refusal(413, f"The body is larger than {limit:,} bytes, the most that is taken.")
        return b"".join(chunks)

    async def json(self) -> Any:
        """Read the body as JSON.

        Raises:
            json.JSONDecodeError: it is none.
        """
        body = await self.body()
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError as error:  # keeps FastAPI from quoting a body that may not be UTF-8
            raise json.JSONDecodeError(error.msg, "", error.pos) from error


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class JsonRoute(APIRoute):
    """A route that reads its body as a ``JsonRequest``."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Give the handler."""
        handle = super().get_route_handler()
        if self.body_field is None:
            return handle

        async def handle_json(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_json


def router(tag: str, *, for_anybody: bool = False) -> APIRouter:
    """Make the router of a noun; ``tag`` is its heading in the documentation.

    Its routes ask for a token, unless they are for anybody.
    """
    return APIRouter(
        prefix="/api",
        tags=[tag],
        route_class=JsonRoute,
        dependencies=[] if for_anybody else [KNOWN],
        responses=_FAILURES if for_anybody else _FAILURES | _REFUSALS,
        generate_unique_id_function=lambda route: to_camel(route.name),
    )
