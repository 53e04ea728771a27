"""Row 22: pages of other hosts are refused before the upgrade."""

from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from server.origins import may_connect
from tests.server.conftest import Here, quick, serving

FRIEND, STRANGER = "https://notes.example.com", "https://evil.example"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8787", "127.0.0.1:8787"),
        ("http://localhost:5173", "localhost:8787"),
        ("http://localhost:5173", "127.0.0.1:8787"),
        ("http://[::1]:5173", "localhost:8787"),
        ("https://Notes.example.com", "notes.example.com"),
        (FRIEND, "10.0.0.7:8787"),
    ],
)
def test_pages_of_the_same_host_and_named_ones_may_connect(origin: str, host: str) -> None:
    assert may_connect(origin, host, [FRIEND])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (STRANGER, "127.0.0.1:8787"),
        ("http://127.0.0.1.evil.example", "127.0.0.1:8787"),
        ("http://notes.example.com", "10.0.0.7:8787"),
        ("null", "127.0.0.1:8787"),
        ("null", ""),
        ("", "127.0.0.1:8787"),
        ("http://[::1", "localhost"),
    ],
)
def test_any_other_page_may_not(origin: str, host: str) -> None:
    assert not may_connect(origin, host, [FRIEND])
    assert may_connect(origin, host, ["*"])


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    async with serving(quick(allowed_origins=(FRIEND,))) as started:
        yield started


@pytest.mark.parametrize("path", ["/ws/default/spec", "/hocuspocus"])
async def test_a_strange_page_is_refused_before_the_upgrade(here: Here, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await here.connect(path, origin=Origin(STRANGER))
    assert refused.value.response.status_code == 403
    assert b"ROUTA_ALLOWED_ORIGINS" in (refused.value.response.body or b"")
    assert here.service.hub.open_notes() == []
    for origin in (FRIEND, here.url):
        async with here.connect(path, origin=Origin(origin)):
            pass


async def test_a_strange_page_is_refused_over_http_too_and_a_friend_may_read(here: Here) -> None:
    async with httpx.AsyncClient(base_url=here.url) as client:
        refused = await client.post("/api/notes", json={"title": "x"}, headers={"Origin": STRANGER})
        assert refused.status_code == 403
        assert "ROUTA_ALLOWED_ORIGINS" in refused.json()["error"]
        answered = await client.get("/api/health", headers={"Origin": FRIEND})
        assert answered.headers["access-control-allow-origin"] == FRIEND
        asked = {"Origin": FRIEND, "Access-Control-Request-Method": "PATCH"}
        assert (await client.options("/api/notes/default/spec", headers=asked)).status_code == 200
        own = await client.get("/api/health", headers={"Origin": here.url})
        assert own.status_code == 200
        assert "access-control-allow-origin" not in own.headers
