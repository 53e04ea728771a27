from collections.abc import AsyncIterator

import httpx
import pytest

from server.access import Access, Grant
from tests.server.conftest import Here
from tests.server.guests import Guarded, guarded


@pytest.fixture
async def server() -> AsyncIterator[Guarded]:
    async with guarded() as started:
        yield started


def client(server: Guarded, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.here.url, headers={"Authorization": f"Bearer {token}"})


async def test_without_tokens_everybody_is_anybody(here: Here) -> None:
    async with here.client() as http:
        assert (await http.get("/api/identity")).json() == {
            "subject": "anybody",
            "grants": [{"workspace": "*", "access": "admin"}],
            "tokens": False,
        }
        for path, body in (
            ("/api/tokens", {"workspaceId": "w", "access": "read"}),
            ("/api/tokens/revoke", {"token": "x"}),
        ):
            refused = await http.post(path, json=body)
            assert (refused.status_code, list(refused.json())) == (409, ["error"])


async def test_a_token_is_made_shown_and_taken_back(server: Guarded) -> None:
    async with client(server, server.token(Access.ADMIN)) as admin:
        wanted = {"workspaceId": "w", "noteId": "n", "access": "read", "name": "Ann", "expiresInSeconds": 60}
        made = await admin.post("/api/tokens", json=wanted)
        assert made.status_code == 201
        issued = made.json()
        async with client(server, issued["token"]) as ann:
            shown = (await ann.get("/api/identity")).json()
            assert shown == {
                "subject": f"token:{issued['id']}",
                "name": "Ann",
                "grants": [{"workspace": "w", "note": "n", "access": "read"}],
                "tokens": True,
                "expiresAt": shown["expiresAt"],
            }
            assert (await ann.post("/api/tokens/revoke", json={"token": issued["token"]})).json() == {
                "revoked": True,
                "id": issued["id"],
            }
            refused = await ann.get("/api/identity")
            assert refused.status_code == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert "taken back" in refused.json()["error"]


async def test_a_token_may_be_left_to_read_by_its_id(server: Guarded) -> None:
    issued = server.issue(Grant("w", Access.WRITE))
    async with client(server, server.token(Access.ADMIN, "*")) as admin, client(server, issued.token) as ann:
        answer = await admin.post("/api/tokens/revoke", json={"id": issued.id, "access": "read"})
        assert answer.json() == {"revoked": True, "id": issued.id}
        assert (await ann.get("/api/identity")).json()["grants"] == [{"workspace": "w", "access": "read"}]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/tokens", {"workspaceId": "w", "access": "owner"}, 400),
        ("/api/tokens", {"workspaceId": "x", "access": "read"}, 403),
        ("/api/tokens", {"workspaceId": "*", "access": "read"}, 403),
        ("/api/tokens/revoke", {"id": "any"}, 403),
        ("/api/tokens/revoke", {}, 400),
        ("/api/tokens/revoke", {"id": "a", "token": "b"}, 400),
        ("/api/tokens/revoke", {"token": "made up"}, 400),
    ],
)
async def test_who_may_not_or_asks_wrongly_is_told_why(
    server: Guarded, path: str, body: dict[str, str], status: int
) -> None:
    async with client(server, server.token(Access.ADMIN)) as admin:
        refused = await admin.post(path, json=body)
        assert refused.status_code == status
        assert refused.json()["error"]


async def test_a_token_that_was_made_up_does_not_take_back_the_one_it_names(server: Guarded) -> None:
    import jwt

    issued = server.issue(Grant("w", Access.READ))
    forged = jwt.encode({"sub": "x", "jti": issued.id, "grants": []}, "k" * 40, "HS256")
    async with client(server, issued.token) as ann:
        assert (await ann.post("/api/tokens/revoke", json={"token": forged})).status_code == 400
        assert (await ann.get("/api/identity")).status_code == 200


async def test_a_writer_makes_no_tokens(server: Guarded) -> None:
    async with client(server, server.token(Access.WRITE)) as ann:
        refused = await ann.post("/api/tokens", json={"workspaceId": "w", "access": "read"})
        assert refused.status_code == 403


async def test_a_server_of_an_identity_provider_makes_none(server: Guarded) -> None:
    token = server.token(Access.ADMIN, "*")
    tokens = server.here.service.auth.tokens
    assert tokens is not None
    async with client(server, token) as admin:
        type(tokens).makes.fget(tokens)  # type: ignore[attr-defined]
        original = type(tokens).makes
        type(tokens).makes = property(lambda _: False)  # type: ignore[assignment,method-assign]
        try:
            refused = await admin.post("/api/tokens", json={"workspaceId": "w", "access": "read"})
        finally:
            type(tokens).makes = original  # type: ignore[method-assign]
        assert refused.status_code == 409
