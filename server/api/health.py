"""Whether the server answers."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse

from server.version import VERSION


async def health(_: Request) -> JSONResponse:
    """Answer ``GET /api/health``."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return JSONResponse({"status": "ok", "timestamp": now, "version": VERSION})
