import asyncio
from datetime import UTC, datetime

import pytest

from server.auth import revocations
from server.auth.revocations import Revocations
from stores.engine import Database
from stores.errors import Unavailable
from stores.records.revoked_tokens import RevokedTokens
from tests.server.conftest import until

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def here(database: Database, monkeypatch: pytest.MonkeyPatch) -> Revocations:
    monkeypatch.setattr(revocations, "PAUSE", 0.001)
    return Revocations(database, lambda: NOW)


async def test_what_is_taken_back_here_holds_at_once(here: Revocations) -> None:
    await here.revoke("a", "none", NOW.timestamp() + 10)
    assert here.remaining("a") == "none"
    assert here.remaining("b") is None
    assert here.remaining(None) is None


async def test_what_is_taken_back_elsewhere_is_noticed(here: Revocations, database: Database) -> None:
    task = asyncio.create_task(here.run())
    await RevokedTokens(database).revoke("a", NOW, "read")
    await until(lambda: here.remaining("a") == "read")
    task.cancel()


async def test_while_the_store_is_away_what_was_known_holds_and_it_is_said_once(
    here: Revocations, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await here.revoke("a", "none", None)
    tries = 0

    async def away(_: object) -> dict[str, str]:
        nonlocal tries
        tries += 1
        raise Unavailable("The store is away.")

    monkeypatch.setattr(here._records, "all", away)
    task = asyncio.create_task(here.run())
    await until(lambda: tries > 2)
    task.cancel()
    assert here.remaining("a") == "none"
    assert [record.getMessage() for record in caplog.records if "taken back elsewhere" in record.getMessage()] == [
        "Tokens that are taken back elsewhere stay valid here until the store is back: The store is away."
    ]
