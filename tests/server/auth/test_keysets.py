import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from server.access import Access
from server.auth.errors import Unauthorized
from server.auth.keysets import FileKeySet, UrlKeySet, key_set
from server.auth.tokens import Audience, Tokens
from stores.errors import Misconfigured
from tests.server.conftest import quick, serving

SECRET = "6f1c0b8e2d9a47358b7e90c4d5f2a1637788"
RSA = generate_rsa(65537, 2048)
KEYS: dict[str, Any] = {"RS256": RSA, "ES256": generate_private_key(SECP256R1()), "EdDSA": Ed25519PrivateKey.generate()}
_WRITERS: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
EVERY = pytest.mark.parametrize("algorithm", KEYS)
NOBODYS = "The token is not one of this server's."
UNKNOWN = "The token is signed with a key that this server does not know: sign in again."


def public(*algorithms: str) -> str:
    """A key set, each key called as its algorithm."""
    keys = [json.loads(_WRITERS[name].to_jwk(KEYS[name].public_key())) | {"kid": name} for name in algorithms]
    return json.dumps({"keys": keys})


def claims(**changes: Any) -> dict[str, Any]:
    grants = [{"workspace": "w", "access": "write"}]
    return {"sub": "ann@example.org", "exp": time.time() + 600, "grants": grants} | changes


def signed(algorithm: str, kid: str | None = None, key: Any = None, **changes: Any) -> str:
    headers = {"kid": kid or algorithm}
    return jwt.encode(claims(**changes), key or KEYS[algorithm], algorithm, headers=headers)


def by_hand(header: dict[str, Any], key: bytes | None) -> str:
    """A token that no honest library makes."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims())]
    body = b".".join(parts)
    signature = b"" if key is None else hmac.digest(key, body, hashlib.sha256)
    return (body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


async def refusal(tokens: Tokens, token: str) -> str:
    with pytest.raises(Unauthorized) as caught:
        await tokens.read(token)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(public(*KEYS))
    return path


@pytest.fixture
def tokens(file: Path) -> Tokens:
    return Tokens(SECRET, key_set(str(file)))


class Provider:
    """An identity provider that publishes its keys over HTTP, and counts who asks."""

    def __init__(self) -> None:
        self.body = public("RS256").encode()
        self.status = "200 OK"
        self.asked = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            f"HTTP/1.1 {self.status}\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n\r\n".encode()
        )
        writer.write(self.body)
        await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"


@EVERY
async def test_tokens_of_a_provider_are_taken(tokens: Tokens, algorithm: str) -> None:
    identity = await tokens.read(signed(algorithm, name="Ann"))
    assert (identity.subject, identity.name) == ("ann@example.org", "Ann")
    assert identity.access_to("w", "n") is Access.WRITE


async def test_tokens_of_this_server_are_taken_beside_them(tokens: Tokens) -> None:
    own = tokens.make([], time.time(), None, subject="me").token
    assert (await tokens.read(own)).subject == "me"


async def test_without_a_secret_nothing_can_be_signed_with_one(file: Path) -> None:
    tokens = Tokens(None, key_set(str(file)))
    assert not tokens.makes
    assert await refusal(tokens, jwt.encode(claims(), SECRET, "HS256")) == NOBODYS
    assert await refusal(tokens, by_hand({"alg": "HS256", "typ": "JWT"}, b"")) == NOBODYS


@EVERY
async def test_what_a_stranger_signed_is_refused(tokens: Tokens, algorithm: str) -> None:
    strange: dict[str, Any] = {
        "RS256": generate_rsa(65537, 2048),
        "ES256": generate_private_key(SECP256R1()),
        "EdDSA": Ed25519PrivateKey.generate(),
    }
    assert await refusal(tokens, signed(algorithm, key=strange[algorithm])) == NOBODYS


@EVERY
async def test_a_key_of_one_kind_is_not_used_as_another(tokens: Tokens, algorithm: str) -> None:
    for other in set(KEYS) - {algorithm}:
        assert await refusal(tokens, signed(algorithm, kid=other)) == NOBODYS


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, "HS384", "HS512", "RS512", "PS256", ["RS256"], 256])
async def test_unsigned_and_other_algorithms_are_refused(tokens: Tokens, alg: Any) -> None:
    for key in (None, SECRET.encode()):
        assert await refusal(tokens, by_hand({"alg": alg, "typ": "JWT", "kid": "RS256"}, key)) == NOBODYS


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
@pytest.mark.parametrize("secret", [SECRET, None])
async def test_a_public_key_is_no_secret(file: Path, form: PublicFormat, secret: str | None) -> None:
    tokens = Tokens(secret, key_set(str(file)))
    pem = RSA.public_key().public_bytes(Encoding.PEM, form)
    for key in (pem, pem.strip(), public("RS256").encode()):
        assert await refusal(tokens, by_hand({"alg": "HS256", "typ": "JWT", "kid": "RS256"}, key)) == NOBODYS


async def test_a_key_that_the_token_brings_along_is_not_used(tokens: Tokens) -> None:
    own = generate_rsa(65537, 2048)
    headers = {"kid": "RS256", "jwk": json.loads(RSAAlgorithm.to_jwk(own.public_key())), "jku": "http://127.0.0.1:1/"}
    assert await refusal(tokens, jwt.encode(claims(), own, "RS256", headers=headers)) == NOBODYS


async def test_a_key_that_is_not_known_is_said_to_be(tokens: Tokens) -> None:
    assert await refusal(tokens, signed("RS256", kid="another")) == UNKNOWN
    assert await refusal(tokens, jwt.encode(claims(), RSA, "RS256")) == UNKNOWN


async def test_a_provider_with_one_key_need_not_name_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(public("RS256"))
    tokens = Tokens(None, key_set(str(path)))
    assert (await tokens.read(jwt.encode(claims(), RSA, "RS256"))).subject == "ann@example.org"


async def test_a_provider_says_when_its_tokens_end(tokens: Tokens) -> None:
    endless = {name: value for name, value in claims().items() if name != "exp"}
    assert await refusal(tokens, jwt.encode(endless, RSA, "RS256", headers={"kid": "RS256"})) == NOBODYS
    assert "expired" in await refusal(tokens, signed("RS256", exp=time.time() - 3600))
    assert "not valid yet" in await refusal(tokens, signed("RS256", nbf=time.time() + 3600))


async def test_a_token_for_somebody_else_is_refused(file: Path) -> None:
    tokens = Tokens(SECRET, key_set(str(file)), Audience("https://id.example.org", "notes"))
    good = {"iss": "https://id.example.org", "aud": "notes"}
    assert (await tokens.read(signed("ES256", **good))).subject == "ann@example.org"
    wrongs: list[dict[str, Any]] = [{"iss": "https://evil.example"}, {"aud": "mail"}, {"aud": []}]
    for wrong in wrongs:
        assert await refusal(tokens, signed("ES256", **(good | wrong))) == NOBODYS
    assert await refusal(tokens, signed("ES256")) == NOBODYS


async def test_a_file_is_read_again_when_it_has_changed(file: Path, tokens: Tokens) -> None:
    _write(file, "half of", 1)  # somebody is writing it: what was read before holds
    assert (await tokens.read(signed("RS256"))).subject
    _write(file, public("ES256"), 2)
    assert (await tokens.read(signed("ES256"))).subject
    assert await refusal(tokens, signed("RS256")) == UNKNOWN
    _write(file, None, 3)
    assert (await tokens.read(signed("ES256"))).subject


def _write(path: Path, content: str | None, seconds: int) -> None:
    """Write it so that it is seen, however coarse the clock of the file system; or take it away."""
    if content is None:
        path.unlink()
    else:
        now = path.stat().st_mtime_ns + seconds * 1_000_000_000
        path.write_text(content)
        os.utime(path, ns=(now, now))


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "oct"}]}', "nonsense"])
def test_a_file_that_is_no_key_set_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(Misconfigured, match=r"ROUTA_AUTH_JWKS names .*keys\.json"):
        FileKeySet(path)


def test_a_file_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"ROUTA_AUTH_JWKS names"):
        key_set(str(tmp_path / "missing.json"))


async def test_keys_at_a_url_are_fetched_once_and_when_a_new_one_is_named() -> None:
    provider = Provider()
    async with provider.open() as url:
        keys = key_set(url)
        assert isinstance(keys, UrlKeySet)
        tokens = Tokens(None, keys)
        for _ in range(3):
            assert (await tokens.read(signed("RS256"))).subject == "ann@example.org"
        assert await refusal(tokens, signed("ES256")) == UNKNOWN
        assert provider.asked == 1  # made-up keys do not make this server ask all the time
        keys._client.cooldown_duration = 0
        provider.body = public("RS256", "ES256").encode()
        assert (await tokens.read(signed("ES256"))).subject == "ann@example.org"
        assert await refusal(tokens, signed("EdDSA")) == UNKNOWN
        assert "kid" in await refusal(tokens, jwt.encode(claims(), RSA, "RS256"))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500 Oops", b""),
        ("200 OK", b"nonsense"),
        ("200 OK", b"[]"),
        ("200 OK", b"{}"),
        ("200 OK", b'{"keys": []}'),
        ("nonsense", b""),
    ],
)
async def test_a_provider_that_is_in_trouble_lets_nobody_in(status: str, body: bytes) -> None:
    provider = Provider()
    provider.status, provider.body = status, body
    async with provider.open() as url:
        assert await refusal(Tokens(None, key_set(url)), signed("RS256")) == UNKNOWN


async def test_a_server_takes_them_over_http_and_takes_them_back(file: Path) -> None:
    settings = quick(auth="on", auth_secret=SECRET, auth_jwks=str(file))
    grants = [{"workspace": "*", "access": "admin"}]
    async with serving(settings) as here, here.client() as http:
        for algorithm in KEYS:
            token = signed(algorithm, grants=grants, jti=f"of {algorithm}")
            bearer = {"Authorization": f"Bearer {token}"}
            assert (await http.get("/api/workspaces", headers=bearer)).status_code == 200
            assert (await http.post("/api/tokens/revoke", json={"token": token}, headers=bearer)).status_code == 200
            assert (await http.get("/api/workspaces", headers=bearer)).status_code == 401
        own = here.service.auth.owners_token("test", 60)
        for forged in (by_hand({"alg": "none"}, None), signed("RS256", key=generate_rsa(65537, 2048), jti="x")):
            answer = await http.post(
                "/api/tokens/revoke", json={"token": forged}, headers={"Authorization": f"Bearer {own}"}
            )
            assert (answer.status_code, answer.json()["field"]) == (400, "token")
