"""Tokens: JSON Web Tokens (RFC 7519) that say who somebody is and what was granted to them.

The claims are ``sub``, ``name``, ``jti`` (the id it can be taken back by), ``iat``, ``nbf``, ``exp`` and ``grants``: a
list of ``{"workspace": id or "*", "note": id, "access": "read" | "write" | "admin"}``, ``note`` for one note alone.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Literal, NamedTuple

import jwt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.access import Access, Grant, Identity
from server.auth.errors import Unauthorized
from server.auth.keysets import ALGORITHMS, KeySet

Level = Literal["read", "write", "admin"]
"""How a grant calls its access."""

OWN = "HS256"
"""How this server signs."""
LONGEST = 16 * 1024
"""The longest token that is looked at, in characters."""
_LAST_MOMENT = 253_402_300_799
"""The end of the year 9999, in seconds since the epoch: what comes later has no date."""
_LEVELS: dict[Level, Access] = {"read": Access.READ, "write": Access.WRITE, "admin": Access.ADMIN}


class _GrantClaim(BaseModel):
    model_config = ConfigDict(strict=True)

    workspace: Annotated[str, Field(min_length=1)]
    access: Level
    note: Annotated[str | None, Field(min_length=1)] = None


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True)

    sub: str
    name: str | None = None
    jti: str | None = None
    exp: Annotated[float | None, Field(ge=0, le=_LAST_MOMENT)] = None
    grants: Annotated[list[_GrantClaim], Field(max_length=1000)] = []


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was made here."""

    token: str
    id: str


def level(access: Access) -> Level:
    """Name an access as a grant does."""
    return next(name for name, value in _LEVELS.items() if value is access)


def access_of(name: Level) -> Access:
    """Give the access that a grant names."""
    return _LEVELS[name]


@dataclass(frozen=True, slots=True)
class Audience:
    """What a token of an identity provider must say of where it comes from and whom it is for; None: anything."""

    issuer: str | None = None
    audience: str | None = None


class Tokens:
    """Makes tokens with a secret, and reads these and those of an identity provider."""

    def __init__(
        self, secret: str | None, keys: KeySet | None = None, audience: Audience | None = None, leeway: float = 60.0
    ) -> None:
        """Take the keys.

        Args:
            secret: what this server signs with; None: it makes no tokens and takes none of its own.
            keys: the public keys of an identity provider.
            audience: what its tokens must say.
            leeway: by how many seconds the clocks of servers may differ.
        """
        self._secret = secret
        self._keys = keys
        self._audience = audience or Audience()
        self.leeway = leeway

    @property
    def makes(self) -> bool:
        """Whether tokens can be made here."""
        return self._secret is not None

    def make(
        self, grants: Sequence[Grant], now: float, expires_at: float | None, name: str | None = None, subject: str = ""
    ) -> Issued:
        """Make a token.

        Args:
            grants: what it allows.
            now: the time, in seconds since the epoch.
            expires_at: when it ends, likewise; None: never.
            name: who uses it, for people.
            subject: who uses it, for programs; made up unless given.
        """
        key = secrets.token_urlsafe(12)
        claims: dict[str, Any] = {"jti": key, "sub": subject or f"token:{key}", "iat": int(now)}
        if name is not None:
            claims["name"] = name
        if expires_at is not None:
            claims["exp"] = int(expires_at)
        claims["grants"] = [_claim(grant) for grant in grants]
        return Issued(jwt.encode(claims, self._secret or "", OWN), key)

    async def read(self, token: str) -> Identity:
        """Say who a token stands for.

        Raises:
            Unauthorized: it is malformed, expired, not valid yet, or signed by nobody who is known here.
        """
        if len(token) > LONGEST:
            raise Unauthorized(f"The token has more than {LONGEST:,} characters.")
        try:
            return _identity(token, await self._claims(token))
        except jwt.ExpiredSignatureError:
            raise Unauthorized("The token has expired: ask for a new one.") from None
        except (jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError):
            raise Unauthorized(
                "The token is not valid yet: look at the clocks of whoever made it and of this server."
            ) from None
        except (jwt.InvalidTokenError, ValidationError):
            raise Unauthorized("The token is not one of this server's.") from None

    async def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("alg") == OWN and self._secret is not None:
            return jwt.decode(token, self._secret, [OWN], leeway=self.leeway, options={"verify_aud": False})
        if self._keys is None or header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key = await self._keys.key(header.get("kid"))
        wanted = self._audience
        return jwt.decode(
            token,
            key,
            ALGORITHMS,
            leeway=self.leeway,
            audience=wanted.audience,
            issuer=wanted.issuer,
            options={"verify_aud": wanted.audience is not None, "require": ["exp"]},
        )


def _claim(grant: Grant) -> dict[str, str]:
    claim = {"workspace": grant.workspace, "access": level(grant.access)}
    return claim if grant.note is None else claim | {"note": grant.note}


def _identity(token: str, payload: dict[str, Any]) -> Identity:
    claims = _Claims.model_validate(payload)
    return Identity(
        subject=claims.sub,
        grants=tuple(Grant(claim.workspace, _LEVELS[claim.access], claim.note) for claim in claims.grants),
        name=claims.name,
        token_id=claims.jti or sha256(token.encode()).hexdigest()[:32],
        expires_at=claims.exp,
    )


class Named(NamedTuple):
    """Which token is meant, and when it ends by itself, where that is known."""

    id: str
    expires_at: float | None


def named(token_or_id: str) -> Named:
    """Say which token is meant by itself or by its id; whether it is valid is not asked."""
    try:
        identity = _identity(token_or_id, jwt.decode(token_or_id, options={"verify_signature": False}))
    except (jwt.InvalidTokenError, ValidationError):
        return Named(token_or_id, None)
    return Named(identity.token_id or token_or_id, identity.expires_at)
