"""The page that people write on: the built files of ``site/``, which ``scripts/build-web`` makes from ``web/``.

They are read once and kept in memory. A name under ``assets/`` has a hash of its content in it, so browsers keep
those for good; they ask for the page itself each time, and mostly hear that it is as they have it.
"""

import asyncio
import gzip
import re
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path, PurePosixPath

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.api.errors import Refusal
from server.headers import page_policy

FOLDER = Path(__file__).with_name("site")
"""Where the built files are, in a clone and in the wheel."""
PAGE = "index.html"
ASSETS = "assets/"
POLICY = page_policy(
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",  # WebSockets to this host included (CSP 3, 6.7.2.8)
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "manifest-src 'self'",
)
"""What the page may load: nothing from anywhere else, and no script or style that is written into it."""
WORKER_POLICY = page_policy("connect-src 'self'")
"""What a script may load that runs beside the page, as a worker: such a one is not under ``assets/``."""

_KEPT = "public, max-age=31536000, immutable"
_ASKED_FOR = "no-cache"
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_PACKED = {".css", ".html", ".js", ".json", ".svg", ".txt", ".webmanifest"}
"""What gets smaller by compression."""
_WORTH_PACKING = 512
"""Smaller files travel in one packet either way, in bytes."""
_NEVER = re.compile(r"q=0(\.0*)?")


class File:
    """One of the files, as it is and compressed."""

    def __init__(self, name: str, body: bytes) -> None:
        suffix = PurePosixPath(name).suffix
        self.body = body
        self._media_type = _TYPES.get(suffix, "application/octet-stream")
        self._headers = {"Cache-Control": _KEPT if name.startswith(ASSETS) else _ASKED_FOR, "Vary": "Accept-Encoding"}
        if suffix == ".html":
            self._headers["Content-Security-Policy"] = POLICY
        elif suffix == ".js" and not name.startswith(ASSETS):
            self._headers["Content-Security-Policy"] = WORKER_POLICY
        self._tag = sha256(body).hexdigest()[:32]
        self._packs = suffix in _PACKED and len(body) >= _WORTH_PACKING
        self._packed: bytes | None = None

    async def packed(self) -> bytes:
        """Give it compressed by gzip, the same bytes each time; made in a thread when it is wanted first."""
        if self._packed is None:
            self._packed = await asyncio.to_thread(gzip.compress, self.body, mtime=0)
        return self._packed

    async def answer(self, request: Request) -> Response:
        """Answer a request for it: compressed where that is understood, and 304 where it is known."""
        packs = self._packs and takes_gzip(request.headers.getlist("accept-encoding"))
        tags = f'"{self._tag}"', f'"{self._tag}-gzip"'
        headers = self._headers | {"ETag": tags[packs]}
        if _names(request.headers.getlist("if-none-match"), tags):
            return Response(status_code=304, headers=headers)
        if packs:
            headers["Content-Encoding"] = "gzip"
        return Response(await self.packed() if packs else self.body, 200, headers, self._media_type)


class Bundle:
    """The files of a folder."""

    def __init__(self, folder: Path) -> None:
        """Read them; a folder that does not exist has none."""
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        self.files = {
            name: File(name, path.read_bytes()) for path in found if (name := path.relative_to(folder).as_posix())
        }

    def routes(self) -> list[BaseRoute]:
        """Give the addresses: the page at ``/`` and at every note, and each file at its name."""
        beside = [name for name in self.files if not name.startswith(ASSETS) and name != PAGE]
        return [
            Route("/", self._page),
            Route("/w/{address:path}", self._page),
            Route(f"/{ASSETS}{{name:path}}", self._asset),
            *(Route(f"/{name}", self.files[name].answer) for name in beside),
        ]

    async def _page(self, request: Request) -> Response:
        """Answer with the page, whichever note it is to show: it reads its own address."""
        if PAGE not in self.files:
            raise Refusal(503, "The page was not built: run scripts/build-web, and start the server again.")
        return await self.files[PAGE].answer(request)

    async def _asset(self, request: Request) -> Response:
        file = self.files.get(ASSETS + request.path_params["name"])
        if file is None:
            raise Refusal(404, "There is no such file: load the page again.")
        return await file.answer(request)


def takes_gzip(headers: Collection[str]) -> bool:
    """Say whether ``Accept-Encoding`` allows gzip (RFC 9110, 12.5.3)."""
    for coding in ",".join(headers).lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return not _NEVER.fullmatch(weight.strip())
    return False


def _names(headers: Collection[str], tags: Collection[str]) -> bool:
    """Say whether ``If-None-Match`` names one of the tags; weak ones will do (RFC 9110, 13.1.2)."""
    named = {tag.strip().removeprefix("W/") for tag in ",".join(headers).split(",")}
    return "*" in named or not named.isdisjoint(tags)
