"""What the hub sends to: one client's connection, whatever carries it."""

from typing import Protocol

from crdt.errors import ProtocolError


class Frame:
    """A binary WebSocket message from the server, encoded once for all who get it."""

    __slots__ = ("_addressed", "payload", "wire")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        """The message."""
        self.wire = _header(len(payload)) + payload
        """The message as one unmasked WebSocket frame (RFC 6455, 5.2)."""
        self._addressed: dict[bytes, Frame] | None = None

    def addressed(self, address: bytes) -> "Frame":
        """Give the same message behind a Hocuspocus address, encoded once for all who have that address."""
        if self._addressed is None:
            self._addressed = {}
        frame = self._addressed.get(address)
        if frame is None:
            frame = self._addressed[address] = Frame(address + self.payload)
        return frame


def _header(length: int) -> bytes:
    if length < 126:
        return bytes((0x82, length))
    if length < 1 << 16:
        return b"\x82\x7e" + length.to_bytes(2, "big")
    return b"\x82\x7f" + length.to_bytes(8, "big")


class Peer(Protocol):
    """One client's connection. Nothing here waits."""

    quiet: bool
    """Whether nothing was sent since this was last set."""

    def deliver(self, frame: Frame) -> None:
        """Send a message, now or when the client has read what it was sent before."""

    def close(self, error: ProtocolError) -> None:
        """Tell the client why it is closed; what was not sent yet is dropped. A second time does nothing."""


class Backlog:
    """Frames that wait until the client has read what it was sent before, bounded in bytes."""

    __slots__ = ("_frames", "_limit", "_size")

    def __init__(self, limit: int) -> None:
        self._frames: list[Frame] = []
        self._size = 0
        self._limit = limit

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: Frame) -> bool:
        """Add a frame; whether the backlog is still within its limit, to which its first frame does not count."""
        if self._frames:
            self._size += len(frame.wire)
        self._frames.append(frame)
        return self._size <= self._limit

    def take(self) -> list[Frame]:
        """Take all frames, oldest first."""
        frames, self._frames, self._size = self._frames, [], 0
        return frames
