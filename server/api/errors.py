"""Every failure of the HTTP side is ``{"error": "<sentence>"}``."""

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

logger = logging.getLogger("routa")

_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}


async def http_error(_: Request, error: Exception) -> JSONResponse:
    """Answer a refusal that Starlette or a handler raised."""
    if not isinstance(error, HTTPException):
        raise error
    sentence = _SENTENCES.get(error.status_code, error.detail)
    return JSONResponse({"error": sentence}, status_code=error.status_code, headers=error.headers)


async def unexpected_error(_: Request, __: Exception) -> JSONResponse:
    """Answer a defect: its trace goes to the log, not to the client."""
    return JSONResponse({"error": "The server made a mistake; its log says more."}, status_code=500)
