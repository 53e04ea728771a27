"""The messages of the y-websocket protocol, between bytes and objects.

A frame holds one message, or several behind each other from clients that batch; the server sends one a frame, since
version 3 of the client reads only the first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from crdt.encoding import read_bytes, read_string, read_uint, write_bytes, write_string
from crdt.errors import MalformedMessage


@dataclass(frozen=True, slots=True)
class SyncStep1:
    """Here is what I have: a state vector. Answered with a step 2."""

    prefix: ClassVar[bytes] = b"\x00\x00"
    state_vector: bytes

    def encode(self) -> bytes:
        """Give the frame."""
        return self.prefix + write_bytes(self.state_vector)


@dataclass(frozen=True, slots=True)
class SyncStep2:
    """Here is what you lack: an update that answers a step 1."""

    prefix: ClassVar[bytes] = b"\x00\x01"
    update: bytes

    def encode(self) -> bytes:
        """Give the frame."""
        return self.prefix + write_bytes(self.update)


@dataclass(frozen=True, slots=True)
class Update:
    """Here is what has just changed: an update."""

    prefix: ClassVar[bytes] = b"\x00\x02"
    update: bytes

    def encode(self) -> bytes:
        """Give the frame."""
        return self.prefix + write_bytes(self.update)


@dataclass(frozen=True, slots=True)
class AwarenessUpdate:
    """Who is here, with names and cursors: an awareness update (see ``crdt.presence``)."""

    prefix: ClassVar[bytes] = b"\x01"
    payload: bytes

    def encode(self) -> bytes:
        """Give the frame."""
        return self.prefix + write_bytes(self.payload)


@dataclass(frozen=True, slots=True)
class PermissionDenied:
    """You may not do this: the client shows the reason as a warning."""

    prefix: ClassVar[bytes] = b"\x02\x00"
    reason: str

    def encode(self) -> bytes:
        """Give the frame."""
        return self.prefix + write_string(self.reason)


@dataclass(frozen=True, slots=True)
class QueryAwareness:
    """Who is here? Answered with an awareness update."""

    def encode(self) -> bytes:
        """Give the frame."""
        return b"\x03"


Message: TypeAlias = SyncStep1 | SyncStep2 | Update | AwarenessUpdate | PermissionDenied | QueryAwareness

_SYNC: tuple[type[SyncStep1] | type[SyncStep2] | type[Update], ...] = (SyncStep1, SyncStep2, Update)


def decode(frame: bytes) -> Iterator[Message]:
    """Read the messages of a frame, in order.

    Raises:
        MalformedMessage: the frame is empty, is cut short, or has a message of an unknown type. The messages before
            the broken one have been given by then.
    """
    if not frame:
        raise MalformedMessage("The message is empty.")
    at = 0
    while at < len(frame):
        try:
            message, at = _read_message(frame, at)
        except IndexError:
            raise MalformedMessage("The message is cut short.") from None
        yield message


def _read_message(frame: bytes, at: int) -> tuple[Message, int]:
    kind, at = read_uint(frame, at)
    if kind == 0:
        return _read_sync(frame, at)
    if kind == 1:
        payload, at = read_bytes(frame, at)
        return AwarenessUpdate(payload), at
    if kind == 2:
        return _read_permission_denied(frame, at)
    if kind == 3:
        return QueryAwareness(), at
    raise MalformedMessage(f"Message type {kind} is not known here.")


def _read_sync(frame: bytes, at: int) -> tuple[Message, int]:
    step, at = read_uint(frame, at)
    if step >= len(_SYNC):
        raise MalformedMessage(f"Sync message type {step} is not known here.")
    payload, at = read_bytes(frame, at)
    return _SYNC[step](payload), at


def _read_permission_denied(frame: bytes, at: int) -> tuple[Message, int]:
    kind, at = read_uint(frame, at)
    if kind != 0:
        raise MalformedMessage(f"Permission message type {kind} is not known here.")
    reason, at = read_string(frame, at)
    return PermissionDenied(reason), at
