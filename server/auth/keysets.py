"""The public keys of somebody else who signs tokens: an identity provider's JSON Web Key Set (RFC 7517)."""

import asyncio
import contextlib
from http.client import HTTPException
from pathlib import Path
from typing import Protocol

import jwt
from jwt.exceptions import PyJWTError

from server.auth.errors import Unauthorized
from stores.errors import Misconfigured

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""How others may sign. None of these can be made with what a key set tells everybody."""
_FETCH_SECONDS = 10
_UNREADABLE = (OSError, HTTPException, PyJWTError, ValueError, LookupError, AttributeError, TypeError)
"""What a key set that is none raises: the library does not say so in one way."""
_UNKNOWN = "The token is signed with a key that this server does not know: sign in again."


class KeySet(Protocol):
    """Where the public keys are found."""

    async def key(self, kid: str | None) -> jwt.PyJWK:
        """Give the key of an id; raises Unauthorized when there is none or it cannot be had now."""


class FileKeySet:
    """A key set in a file, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            Misconfigured: it is not there or no key set.
        """
        self._path = path
        self._read_at = 0
        self._keys: list[jwt.PyJWK] = []
        try:
            self._refresh()
        except _UNREADABLE as error:
            raise Misconfigured(f"ROUTA_AUTH_JWKS names {path}, which is not a JSON Web Key Set: {error}.") from error

    def _refresh(self) -> None:
        changed = self._path.stat().st_mtime_ns
        if changed != self._read_at:
            self._keys = jwt.PyJWKSet.from_json(self._path.read_text()).keys
            self._read_at = changed

    async def key(self, kid: str | None) -> jwt.PyJWK:
        """Give the key of an id, or the only one there is to a token that names none; raises Unauthorized."""
        with contextlib.suppress(*_UNREADABLE):  # while somebody writes it, what was read before holds
            self._refresh()
        for key in self._keys:
            if key.key_id == kid or (kid is None and len(self._keys) == 1):
                return key
        raise Unauthorized(_UNKNOWN)


class UrlKeySet:
    """A key set at a URL: kept for some minutes, and asked for again when a token names a key that is not in it."""

    def __init__(self, url: str) -> None:
        self._client = jwt.PyJWKClient(url, timeout=_FETCH_SECONDS)

    async def key(self, kid: str | None) -> jwt.PyJWK:
        """Give the key of an id; raises Unauthorized."""
        try:
            if kid is None:
                raise Unauthorized("The token does not name the key that it is signed with (kid).")
            return await asyncio.to_thread(self._client.get_signing_key, kid)
        except _UNREADABLE as error:
            raise Unauthorized(_UNKNOWN) from error


def key_set(place: str) -> KeySet:
    """Give the key set at a URL or in a file.

    Raises:
        Misconfigured: the file is none.
    """
    return UrlKeySet(place) if place.startswith(("http://", "https://")) else FileKeySet(Path(place))
