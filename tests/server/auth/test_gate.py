from datetime import UTC, datetime

import pytest

from server.access import ANYBODY, Access, Grant, Identity
from server.auth.authenticator import Authenticator
from server.auth.errors import Forbidden, Unauthorized
from server.auth.gate import Gate
from server.auth.revocations import Revocations
from server.auth.secret import made
from server.auth.tokens import Tokens
from server.hookrunner import HookRunner
from server.hooks import Connection, Hooks, Refused, Request
from stores.engine import Database
from stores.notelog import NoteKey

KEY = NoteKey("w", "n")
COMING = Connection("y-websocket", "127.0.0.1")
FRIEND = Identity("friend", (Grant("w", Access.WRITE),))


class Knower(Hooks):
    """Knows a friend, and whom it does not want."""

    async def on_authorize(self, request: Request) -> Identity | None:
        if request.token == "thief":
            raise Refused("We know you.")
        return FRIEND if (request.token, request.identity) == ("friend", None) else None


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(made())


@pytest.fixture
def gate(database: Database, tokens: Tokens) -> Gate:
    def clock() -> datetime:
        return datetime.now(UTC)

    return Gate(Authenticator(tokens, Revocations(database, clock), clock), HookRunner([Knower()]))


async def test_who_may_read_is_let_in(gate: Gate, tokens: Tokens) -> None:
    identity = await gate.admit(tokens.make([Grant("w", Access.READ, "n")], 0, None).token, KEY, COMING)
    assert gate.current(identity, KEY) is Access.READ
    assert gate.seconds_left(identity) == float("inf")


async def test_who_may_not_is_told_why(gate: Gate, tokens: Tokens) -> None:
    with pytest.raises(Unauthorized):
        await gate.admit(None, KEY, COMING)
    with pytest.raises(Forbidden, match="w/n"):
        await gate.admit(tokens.make([Grant("w", Access.ADMIN, "other")], 0, None).token, KEY, COMING)
    with pytest.raises(Forbidden):
        gate.current(Identity("ann", ()), KEY)
    assert gate.current(ANYBODY, KEY) is Access.ADMIN


async def test_a_hook_says_who_somebody_is_whose_token_is_not_ours(gate: Gate) -> None:
    assert await gate.admit("friend", KEY, COMING) is FRIEND
    assert await gate.identify("friend", COMING) is FRIEND
    with pytest.raises(Forbidden):
        await gate.admit("friend", NoteKey("other", "n"), COMING)
    with pytest.raises(Unauthorized):
        await gate.admit("stranger", KEY, COMING)
    with pytest.raises(Refused, match="We know you"):
        await gate.admit("thief", KEY, COMING)
