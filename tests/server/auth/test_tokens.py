"""Row 27: what a token says, how long it is good, and by how much clocks may differ."""

from typing import Any

import jwt
import pytest

from server.access import Access, Grant, Identity
from server.auth.errors import Unauthorized
from server.auth.tokens import LONGEST, Audience, Tokens, access_of, level, named

NOW = 1_700_000_000.0
SECRET = "0123456789abcdef" * 4
ANOTHER = "fedcba9876543210" * 4
GRANTS = (Grant("w", Access.READ), Grant("*", Access.WRITE, "n"))


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(SECRET, leeway=0)


def signed(**claims: Any) -> str:
    return jwt.encode({"sub": "ann", "grants": [], **claims}, SECRET, "HS256")


async def test_what_was_made_is_read_back(tokens: Tokens) -> None:
    issued = tokens.make(GRANTS, NOW, NOW + 1e9, name="Ann", subject="ann")
    assert await tokens.read(issued.token) == Identity("ann", GRANTS, "Ann", issued.id, NOW + 1e9)
    assert named(issued.token) == (issued.id, NOW + 1e9)


async def test_a_token_without_a_name_has_a_subject_of_its_own_and_never_ends(tokens: Tokens) -> None:
    first, second = (tokens.make(GRANTS, 0, None) for _ in range(2))
    identities = [await tokens.read(issued.token) for issued in (first, second)]
    assert identities[0].subject != identities[1].subject
    assert [identity.expires_at for identity in identities] == [None, None]


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("", "not one of this server's"),
        ("nonsense", "not one of this server's"),
        ("a.b.c", "not one of this server's"),
        ("x" * (LONGEST + 1), "more than"),
        (signed(exp=1), "expired"),
        (signed(nbf=2e10), "not valid yet"),
        (signed(iat=2e10), "not valid yet"),
        (signed(exp=1e15), "not one of this server's"),
        (signed(sub=7), "not one of this server's"),
        (signed(grants="all"), "not one of this server's"),
        (signed(grants=[{"workspace": "w", "access": "owner"}]), "not one of this server's"),
        (signed(grants=[{"workspace": "", "access": "read"}]), "not one of this server's"),
        (signed(grants=[{"access": "read"}]), "not one of this server's"),
        (jwt.encode({"sub": "ann"}, ANOTHER, "HS256"), "not one of this server's"),
        (jwt.encode({"sub": "ann"}, SECRET, "HS512"), "not one of this server's"),
        (jwt.encode({"sub": "ann"}, "", "none"), "not one of this server's"),
    ],
)
async def test_what_is_no_token_of_ours_is_refused_with_a_sentence(tokens: Tokens, token: str, why: str) -> None:
    with pytest.raises(Unauthorized, match=why):
        await tokens.read(token)


async def test_clocks_may_differ_by_the_leeway() -> None:
    token = signed(exp=int(NOW))
    with pytest.raises(Unauthorized, match="expired"):
        await Tokens(SECRET, leeway=0).read(signed(exp=1))
    assert (await Tokens(SECRET, leeway=1e10).read(token)).expires_at == NOW


async def test_a_server_without_a_secret_takes_none_that_is_signed_with_one() -> None:
    tokens = Tokens(None, audience=Audience())
    assert not tokens.makes
    with pytest.raises(Unauthorized):
        await tokens.read(signed())


async def test_a_token_without_an_id_can_be_named_all_the_same(tokens: Tokens) -> None:
    token = signed(sub="ann")
    identity = await tokens.read(token)
    assert identity.token_id == named(token).id
    assert identity.token_id not in (None, token)


def test_an_id_names_itself() -> None:
    assert named("some id") == ("some id", None)


def test_levels_have_the_names_of_accesses() -> None:
    assert [level(access_of(name)) for name in ("read", "write", "admin")] == ["read", "write", "admin"]
