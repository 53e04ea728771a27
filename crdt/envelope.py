"""The Hocuspocus envelope: which document a message is about, and the messages that y-websocket does not have.

A frame is ``varString address, varUint type, payload``. The address is the document's name, or, from clients that open
a document twice on one socket, the name, a NUL and an id of their own; a reply carries the identical address. Behind
the address, sync, awareness and the query for it are written exactly as y-websocket writes them (``crdt.messages``).
"""

from enum import IntEnum
from typing import NamedTuple

from crdt.encoding import read_bytes, read_string, read_uint, write_string
from crdt.errors import MalformedMessage


class Kind(IntEnum):
    """The types of messages that a client may send."""

    SYNC = 0
    AWARENESS = 1
    AUTH = 2
    QUERY_AWARENESS = 3
    STATELESS = 5
    CLOSE = 7


PING = b"\x09"
"""A whole frame, without an address: answered with ``PONG``."""
PONG = b"\x0a"
"""A whole frame, without an address."""
ASK_FOR_TOKEN = b"\x02\x00"
"""The client is to show its token again, behind its address: the one that it showed ends soon."""
STORED = b"\x08\x01"
"""One change of this client is committed."""
REFUSED = b"\x08\x00"
"""One change of this client was not taken."""


class Envelope(NamedTuple):
    """A message as it came in."""

    address: bytes
    """The address as it was encoded: what replies begin with."""
    name: str
    """The document's name."""
    kind: Kind
    message: bytes
    """Everything behind the address, the type included."""
    payload: bytes
    """Everything behind the type."""


def open_envelope(frame: bytes) -> Envelope:
    """Read a frame.

    Raises:
        MalformedMessage: it is cut short, names no document, or has a type that a client must not send.
    """
    try:
        raw, end = read_bytes(frame, 0)
        kind, at = read_uint(frame, end)
    except IndexError:
        raise MalformedMessage("The message is cut short.") from None
    try:
        name = raw.decode().partition("\0")[0]
    except UnicodeDecodeError:
        raise MalformedMessage("The name of the document is not UTF-8.") from None
    if not name.strip():
        raise MalformedMessage("The name of the document is blank.")
    return Envelope(frame[:end], name, _kind(kind), frame[end:], frame[at:])


def _kind(value: int) -> Kind:
    try:
        return Kind(value)
    except ValueError:
        raise MalformedMessage(f"Message type {value} is not for clients.") from None


class Credentials(NamedTuple):
    """What a client says of itself."""

    token: str
    version: str | None
    """The version of its provider; those before 4 do not say."""


def read_credentials(payload: bytes) -> Credentials:
    """Read the payload of an ``AUTH`` message.

    Raises:
        MalformedMessage: it is not well-formed.
    """
    try:
        kind, at = read_uint(payload, 0)
        if kind != 0:
            raise MalformedMessage(f"Authentication message type {kind} is not for clients.")
        token, at = read_string(payload, at)
    except IndexError:
        raise MalformedMessage("The message is cut short.") from None
    return Credentials(token, read_string(payload, at)[0] if at < len(payload) else None)


def authenticated(read_only: bool = False) -> bytes:
    """Say what the client may do, behind its address."""
    return b"\x02\x02" + write_string("readonly" if read_only else "read-write")


def denied(reason: str) -> bytes:
    """Say that the client may not open the document, behind its address. It may try again with another token."""
    return b"\x02\x01" + write_string(reason)


def closed(reason: str) -> bytes:
    """Say that the document is closed for this client, behind its address."""
    return bytes((Kind.CLOSE,)) + write_string(reason)


def stateless(payload: bytes) -> bytes:
    """Pass a stateless message on, behind an address.

    Raises:
        MalformedMessage: the payload is not a string.
    """
    try:
        text, end = read_string(payload, 0)
    except IndexError:
        raise MalformedMessage("The message is cut short.") from None
    if end != len(payload):
        raise MalformedMessage("The stateless message has bytes behind its end.")
    return bytes((Kind.STATELESS,)) + write_string(text)
