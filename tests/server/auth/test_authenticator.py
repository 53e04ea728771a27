from datetime import UTC, datetime, timedelta

import pytest

from server.access import ANYBODY, Access, Grant
from server.auth.authenticator import Authenticator
from server.auth.errors import Unauthorized
from server.auth.revocations import Revocations
from server.auth.secret import made
from server.auth.tokens import Tokens
from stores.engine import Database

GRANTS = [Grant("w", Access.ADMIN), Grant("x", Access.READ, "n")]


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def authenticator(database: Database, hands: Hands) -> Authenticator:
    return Authenticator(Tokens(made()), Revocations(database, hands), hands)


def token_of(authenticator: Authenticator, hands: Hands, seconds: float | None = 3600) -> str:
    assert authenticator.tokens is not None
    now = hands.now.timestamp()
    return authenticator.tokens.make(GRANTS, now, None if seconds is None else now + seconds).token


async def test_without_tokens_everybody_may_do_everything(database: Database, hands: Hands) -> None:
    authenticator = Authenticator(None, Revocations(database, hands), hands)
    assert not authenticator.required
    assert await authenticator.identify("any") is ANYBODY
    assert authenticator.current(ANYBODY) is ANYBODY
    assert authenticator.owners_token("owner", 60) is None
    assert authenticator.seconds_left(ANYBODY) == float("inf")


@pytest.mark.parametrize("token", [None, ""])
async def test_a_token_is_needed(authenticator: Authenticator, token: str | None) -> None:
    assert authenticator.required
    with pytest.raises(Unauthorized, match="token is needed"):
        await authenticator.identify(token)


async def test_it_expires_while_somebody_is_here_after_the_leeway(authenticator: Authenticator, hands: Hands) -> None:
    identity = await authenticator.identify(token_of(authenticator, hands))
    hands.now += timedelta(seconds=3600 + 59)
    assert authenticator.current(identity) == identity
    assert authenticator.seconds_left(identity) < 0
    hands.now += timedelta(seconds=2)
    with pytest.raises(Unauthorized, match="expired"):
        authenticator.current(identity)


async def test_it_can_be_taken_back_or_left_to_read(authenticator: Authenticator, hands: Hands) -> None:
    token = token_of(authenticator, hands, None)
    identity = await authenticator.identify(token)
    assert identity.token_id is not None
    await authenticator.revocations.revoke(identity.token_id, "read", None)
    reduced = authenticator.current(identity)
    assert [grant.access for grant in reduced.grants] == [Access.READ, Access.READ]
    assert await authenticator.identify(token) == reduced
    await authenticator.revocations.revoke(identity.token_id, "none", identity.expires_at)
    with pytest.raises(Unauthorized, match="taken back"):
        authenticator.current(identity)


async def test_the_owner_gets_a_token_for_everything(authenticator: Authenticator) -> None:
    token = authenticator.owners_token("owner", 60)
    identity = await authenticator.identify(token)
    assert identity.subject == "owner"
    assert identity.access_to("any", "note") is Access.ADMIN
