"""Every failure of the HTTP side is ``{"error": "<sentence>"}``."""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from crdt.errors import NoteFull
from crdt.operations import QuoteError
from crdt.plaintext import NotPlainText
from server.api.answers import answer
from server.auth.errors import Refused
from server.hosted import NoteUnavailable
from stores.errors import BadCursor, Conflict, NotFound, StoreError, Unavailable

logger = logging.getLogger("routa")

_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}
_DEFECT = "The server made a mistake; its log says more."
_STATUSES: dict[type[Exception], int] = {
    BadCursor: 400,
    NotFound: 404,
    Conflict: 409,
    Unavailable: 503,
    NoteUnavailable: 503,
    NoteFull: 413,
    NotPlainText: 409,
    QuoteError: 409,
}


class Refusal(HTTPException):
    """A request that cannot be done: its status, a sentence, and further keys of the answer."""

    def __init__(self, status: int, sentence: str, **details: object) -> None:
        super().__init__(status, sentence)
        self.details = details


async def http_error(request: Request, error: Exception) -> Response:
    """Answer a refusal that Starlette, FastAPI or a handler raised."""
    if not isinstance(error, HTTPException):
        raise error
    sentence = error.detail
    if sentence == HTTPStatus(error.status_code).phrase:
        sentence = _SENTENCES.get(error.status_code, f"{sentence}.")
    details = error.details if isinstance(error, Refusal) else {}
    headers = {"Allow": _methods(request)} if error.status_code == 405 else error.headers
    return answer({"error": sentence, **details}, error.status_code, headers)


def _methods(request: Request) -> str:
    """Name what an address takes; Starlette names what the first of its routes takes."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in here if route.path == here[0].path for method in route.methods or ()}))


async def store_error(_: Request, error: Exception) -> Response:
    """Answer what the store or the hub did not do."""
    for kind, status in _STATUSES.items():
        if isinstance(error, kind):
            return answer({"error": str(error)}, status)
    logger.error("A defect: the store refused what a request asked of it", exc_info=error)
    return answer({"error": _DEFECT}, 500)


async def refused(_: Request, error: Exception) -> Response:
    """Answer somebody who has not shown a token, or not one for this."""
    status = error.status if isinstance(error, Refused) else 403
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return answer({"error": str(error)}, status, headers)


async def unexpected_error(_: Request, __: Exception) -> Response:
    """Answer a defect: its trace goes to the log, not to the client."""
    return answer({"error": _DEFECT}, 500)


async def invalid_request(_: Request, error: Exception) -> Response:
    """Answer input that is not as the models say, naming the first field that is wrong."""
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    sentence, field = _complaint(first["type"], first["loc"], first["msg"], first.get("ctx", {}))
    return answer({"error": sentence} | ({"field": field} if field else {}), 400)


def _complaint(kind: str, loc: Sequence[Any], message: str, context: dict[str, Any]) -> tuple[str, str]:
    if kind == "json_invalid":
        return f"The body is not valid JSON: {context['error']}.", ""
    place, *path = loc
    field = ".".join(map(str, path))
    if not field:
        return "The body must be a JSON object.", ""
    word = "field" if place == "body" else "parameter"
    if kind == "missing":
        return f'The {word} "{field}" is missing.', field
    return f'The {word} "{field}" is not valid: {_lowered(message)}.', field


def _lowered(message: str) -> str:
    message = message.removeprefix("Value error, ").rstrip(".")
    return message[:1].lower() + message[1:]


HANDLERS: dict[Any, Any] = {
    HTTPException: http_error,
    RequestValidationError: invalid_request,
    Refused: refused,
    StoreError: store_error,
    NoteUnavailable: store_error,
    NoteFull: store_error,
    NotPlainText: store_error,
    QuoteError: store_error,
    Exception: unexpected_error,
}
"""What answers which error."""
