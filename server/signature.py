"""How webhooks are signed: Standard Webhooks, symmetric, ``v1``."""

import base64
import binascii
import hmac
from dataclasses import dataclass, field
from datetime import datetime

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a key, by that specification."""
HOW = f'make one with: echo "{PREFIX}$(openssl rand -base64 32)"'
_PLACEHOLDERS = ("change", "example", "placeholder", "replace", "secret", "your-", "your_")
"""Words that are too long, or not of the right characters, to come up in a random key by chance."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with one key."""

    key: bytes = field(repr=False)

    def headers(self, message_id: str, moment: datetime, body: bytes) -> dict[str, str]:
        """Give the headers for a message that is sent now.

        Args:
            message_id: the same for each attempt, without a full stop.
            moment: when it is sent.
            body: exactly what is sent.
        """
        seconds = str(int(moment.timestamp()))
        digest = hmac.digest(self.key, f"{message_id}.{seconds}.".encode() + body, "sha256")
        return {
            "webhook-id": message_id,
            "webhook-timestamp": seconds,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }


def key_of(secret: str) -> bytes:
    """Give the key of a secret: behind ``whsec_`` it is base64, else the secret itself.

    Raises:
        ValueError: the secret is not one, in one sentence that does not quote it.
    """
    key = secret.encode()
    if secret.startswith(PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise ValueError(f"what follows {PREFIX} is not base64; {HOW}.") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"its key has {len(key)} bytes instead of {SHORTEST} to {LONGEST}; {HOW}.")
    if _is_placeholder(secret.removeprefix(PREFIX)) or _is_placeholder(key.decode("latin-1")):
        raise ValueError(f"it can be guessed; {HOW}.")
    return key


def _is_placeholder(text: str) -> bool:
    """Whether somebody typed it to fill the place."""
    return len(set(text)) < 10 or any(word in text.lower() for word in _PLACEHOLDERS)
