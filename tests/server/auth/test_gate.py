from datetime import UTC, datetime

import pytest

from server.access import ANYBODY, Access, Grant, Identity
from server.auth.authenticator import Authenticator
from server.auth.errors import Forbidden, Unauthorized
from server.auth.gate import Gate
from server.auth.revocations import Revocations
from server.auth.secret import made
from server.auth.tokens import Tokens
from stores.engine import Database
from stores.notelog import NoteKey

KEY = NoteKey("w", "n")


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(made())


@pytest.fixture
def gate(database: Database, tokens: Tokens) -> Gate:
    def clock() -> datetime:
        return datetime.now(UTC)

    return Gate(Authenticator(tokens, Revocations(database, clock), clock))


async def test_who_may_read_is_let_in(gate: Gate, tokens: Tokens) -> None:
    identity = await gate.admit(tokens.make([Grant("w", Access.READ, "n")], 0, None).token, KEY)
    assert gate.current(identity, KEY) is Access.READ
    assert gate.seconds_left(identity) == float("inf")


async def test_who_may_not_is_told_why(gate: Gate, tokens: Tokens) -> None:
    with pytest.raises(Unauthorized):
        await gate.admit(None, KEY)
    with pytest.raises(Forbidden, match="w/n"):
        await gate.admit(tokens.make([Grant("w", Access.ADMIN, "other")], 0, None).token, KEY)
    with pytest.raises(Forbidden):
        gate.current(Identity("ann", ()), KEY)
    assert gate.current(ANYBODY, KEY) is Access.ADMIN
