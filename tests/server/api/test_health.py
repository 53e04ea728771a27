from datetime import UTC, datetime

from server.version import VERSION
from tests.server.conftest import quick, serving


async def test_health_gives_the_time_and_the_release() -> None:
    moment = datetime(2026, 3, 29, 12, 0, 0, 5000, tzinfo=UTC)
    async with serving(quick(), clock=lambda: moment) as here, here.client() as client:
        answer = await client.get("/api/health")
    assert answer.json() == {"status": "ok", "timestamp": "2026-03-29T12:00:00.005Z", "version": VERSION}
