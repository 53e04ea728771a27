"""Entity tags (RFC 9110, 8.8.3): which text of a note a client has seen."""

from hashlib import sha256

from server.api.errors import Refusal


def tag(text: str) -> str:
    """Give the entity tag of a text."""
    return f'"{sha256(text.encode()).hexdigest()[:32]}"'


def names(header: str, text: str) -> bool:
    """Whether an ``If-Match`` or ``If-None-Match`` header names a text. Weak tags name none."""
    return header.strip() == "*" or tag(text) in (part.strip() for part in header.split(","))


def require(if_match: str | None, text: str) -> None:
    """Make sure that a client has seen this text, if it says what it has seen.

    Raises:
        Refusal: 412, the note has moved on.
    """
    if if_match is not None and not names(if_match, text):
        raise Refusal(412, "The note has moved on since it was read: read it again, and repeat the change on that.")
