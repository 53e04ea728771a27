import gzip
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from server.api.errors import HANDLERS
from server.bundle import FOLDER, POLICY, WORKER_POLICY, Bundle, takes_gzip
from tests.server.conftest import Here
from tests.server.raw import raw

SCRIPT = "assets/index-a1b2c3.js"
FILES = {
    "index.html": "<!doctype html><title>Notes</title>" + "<p>" * 500,
    SCRIPT: "write();" * 500,
    "assets/small-d4e5f6.css": "a{}",
    "assets/photo-071829.png": "PNG" * 500,
    "favicon.svg": "<svg/>",
    "other": "?",
    "worker.js": "work()",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_text(text)
    (tmp_path / "secret").write_text("secret")
    return tmp_path / "site"


def client_of(folder: Path) -> httpx.AsyncClient:
    app = Starlette(routes=Bundle(folder).routes(), exception_handlers=HANDLERS)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://notes", headers={"accept-encoding": ""}
    )


@pytest.fixture
async def client(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(folder) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/w/default", "/w/default/plan", "/w/a%2Fb/c%3Fd", "/w/"])
async def test_every_note_has_the_page_which_is_asked_for_each_time(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.text) == (200, FILES["index.html"])
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-security-policy"] == POLICY


def test_the_page_may_load_nothing_from_elsewhere_and_run_nothing_that_is_written_into_it() -> None:
    directives = dict(directive.split(" ", 1) for directive in POLICY.split("; "))
    assert directives.pop("img-src") == "'self' data: blob:"
    nothing = {name for name, sources in directives.items() if sources == "'none'"}
    assert nothing == {"default-src", "base-uri", "form-action", "frame-ancestors"}
    own = {name for name, sources in directives.items() if sources == "'self'"}
    assert own == {"script-src", "style-src", "connect-src", "font-src", "manifest-src"}
    assert nothing | own == set(directives)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        (SCRIPT, "text/javascript; charset=utf-8"),
        ("assets/small-d4e5f6.css", "text/css; charset=utf-8"),
        ("assets/photo-071829.png", "image/png"),
        ("favicon.svg", "image/svg+xml"),
        ("other", "application/octet-stream"),
    ],
)
async def test_each_file_has_its_address_and_type(client: httpx.AsyncClient, name: str, media_type: str) -> None:
    answer = await client.get(f"/{name}")
    assert (answer.status_code, answer.text) == (200, FILES[name])
    assert answer.headers["content-type"] == media_type
    hashed = name.startswith("assets/")
    assert answer.headers["cache-control"] == ("public, max-age=31536000, immutable" if hashed else "no-cache")
    assert "content-security-policy" not in answer.headers


async def test_a_script_that_runs_beside_the_page_may_ask_this_server(client: httpx.AsyncClient) -> None:
    answer = await client.get("/worker.js")
    assert answer.headers["content-security-policy"] == WORKER_POLICY
    assert "connect-src 'self'" in WORKER_POLICY


async def test_what_gets_smaller_is_compressed_the_same_way_each_time(client: httpx.AsyncClient) -> None:
    accepting = {"accept-encoding": "br, gzip;q=0.8"}
    packed = await client.get(f"/{SCRIPT}", headers=accepting)
    assert (packed.headers["content-encoding"], packed.text) == ("gzip", FILES[SCRIPT])
    assert int(packed.headers["content-length"]) == len(gzip.compress(FILES[SCRIPT].encode(), mtime=0)) < 100
    assert packed.headers["vary"] == "Accept-Encoding"
    plain = await client.get(f"/{SCRIPT}")
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != packed.headers["etag"]
    again = await client.get(f"/{SCRIPT}", headers=accepting)
    assert again.headers["etag"] == packed.headers["etag"]
    for name in ("assets/small-d4e5f6.css", "assets/photo-071829.png"):
        assert "content-encoding" not in (await client.get(f"/{name}", headers=accepting)).headers


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True),
        ("br, GZIP", True),
        ("gzip; q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0.00, br", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(header: str, takes: bool) -> None:
    assert takes_gzip([header]) is takes


@pytest.mark.parametrize("accepting", [{"accept-encoding": "gzip"}, {"accept-encoding": ""}])
@pytest.mark.parametrize("path", ["/", f"/{SCRIPT}"])
async def test_who_has_it_is_not_sent_it_again(
    client: httpx.AsyncClient, path: str, accepting: Mapping[str, str]
) -> None:
    first = await client.get(path, headers=accepting)
    for known in (first.headers["etag"], f'"old", W/{first.headers["etag"]}', "*"):
        answer = await client.get(path, headers={**accepting, "if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        for name in ("etag", "cache-control", "vary"):
            assert answer.headers[name] == first.headers[name]
    assert (await client.get(path, headers={**accepting, "if-none-match": '"old"'})).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/none.js",
        "/assets/..%2F..%2Fsecret",
        "/assets/%2Fetc%2Fpasswd",
        "/..%2Fsecret",
        "/index.html",
    ],
)
async def test_nothing_else_is_served(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert set(answer.json()) == {"error"}
    assert "immutable" not in answer.headers.get("cache-control", "")


async def test_a_page_that_was_not_built_is_said_in_one_sentence(tmp_path: Path) -> None:
    async with client_of(tmp_path / "nothing") as client:
        for path in ("/", "/w/default/plan"):
            answer = await client.get(path)
            assert answer.status_code == 503
            assert answer.json() == {
                "error": "The page was not built: run scripts/build-web, and start the server again."
            }


async def test_the_server_has_the_page_and_gives_its_head_alone_when_asked(here: Here) -> None:
    async with here.client() as client:
        page, head = await client.get("/w/default/plan"), await client.head("/w/default/plan")
    assert page.text == (FOLDER / "index.html").read_text()
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == page.headers["content-length"]
    assert head.headers["content-security-policy"] == POLICY


async def test_dots_in_the_raw_address_lead_nowhere(here: Here) -> None:
    for path in (b"/assets/../../app.py", b"/assets/%2e%2e/%2e%2e/app.py", b"/w/../../app.py"):
        async with raw(here.port) as connection:
            connection.send(b"GET " + path + b" HTTP/1.1\r\nHost: notes\r\nConnection: close\r\n\r\n")
            assert b"composition root" not in await connection.rest()
