"""Row 31: every answer says what a page may do with it."""

import re

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from server.headers import SECURITY_HEADERS, source_of
from tests.server.conftest import Here
from tests.server.raw import raw

NAMES = set(SECURITY_HEADERS)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/health", 200),
        ("/api/notes", 200),
        ("/nothing", 404),
        ("/", 200),
        ("/api/docs", 200),
        ("/api/openapi.json", 200),
    ],
)
async def test_every_answer_has_them_once_and_no_cookie(here: Here, path: str, status: int) -> None:
    async with here.client() as client:
        answer = await client.get(path)
    assert answer.status_code == status
    for name in NAMES:
        assert len(answer.headers.get_list(name)) == 1, name
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


async def test_a_defect_a_refusal_and_what_is_no_http_have_them_too(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(type(here.service.notes), "list", fail)
    async with here.client() as client:
        assert_all((await client.get("/api/notes")).headers)
        assert_all((await client.get("/api/health", headers={"Origin": "https://evil.example"})).headers)
    with pytest.raises(InvalidStatus) as refused:
        await here.connect("/ws/nothing")
    assert {name.lower() for name in NAMES} <= {name.lower() for name in refused.value.response.headers}
    async with raw(here.port) as broken:
        broken.send(b"NONSENSE\r\n\r\n")
        data = (await broken.rest()).decode().lower()
    assert all(f"{name.lower()}: " in data for name in NAMES)


def assert_all(headers: httpx.Headers) -> None:
    assert {name.lower() for name in NAMES} <= set(headers)


async def test_a_page_may_run_what_it_holds_and_nothing_else(here: Here) -> None:
    async with here.client() as client:
        docs, page = await client.get("/api/docs"), await client.get("/")
    (script,) = re.findall(r"<script>(.*?)</script>", docs.text, re.DOTALL)
    policy = docs.headers["content-security-policy"]
    assert f"script-src 'self' {source_of(script)};" in policy
    assert policy.startswith("default-src 'none';")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


def test_the_source_of_a_script_is_its_hash() -> None:
    assert source_of("") == "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
