from datetime import UTC, datetime, timedelta

from stores.engine import Database
from stores.records.revoked_tokens import RevokedTokens

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


async def test_what_was_taken_back_is_listed_until_it_would_have_expired(database: Database) -> None:
    tokens = RevokedTokens(database)
    await tokens.revoke("for ever", NOW)
    await tokens.revoke("a day", NOW, expires_at=LATER)
    assert await tokens.all(NOW) == {"for ever": "none", "a day": "none"}
    assert await tokens.all(LATER) == {"for ever": "none"}


async def test_a_token_may_be_left_to_read_and_taken_back_later_but_not_given_back(database: Database) -> None:
    tokens = RevokedTokens(database)
    await tokens.revoke("a", NOW, "read")
    assert await tokens.all(NOW) == {"a": "read"}
    await tokens.revoke("a", NOW)
    await tokens.revoke("a", NOW, "read")
    assert await tokens.all(NOW) == {"a": "none"}


async def test_what_has_expired_is_forgotten_when_the_next_one_is_taken_back(database: Database) -> None:
    tokens = RevokedTokens(database)
    await tokens.revoke("old", NOW, expires_at=NOW + timedelta(hours=1))
    await tokens.revoke("new", LATER)
    assert await tokens.all(NOW) == {"new": "none"}
