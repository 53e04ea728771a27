"""Short messages in what comes in on a WebSocket, found without the parser (RFC 6455, 5.2).

A keystroke is a whole, masked, unfragmented binary frame of less than 126 bytes. Those are unmasked here; everything
else goes to the parser of the ``websockets`` package, in whole frames or, when they are long, in pieces.
"""

from collections.abc import Iterator
from typing import NamedTuple

from websockets.frames import apply_mask  # type: ignore[attr-defined] # in C where that was built

_WHOLE_BINARY = 0x82
_MASKED = 0x80
_FIN = 0x80
_OPCODE = 0x0F
_LAST_DATA_OPCODE = 2
_LONG = 126
_HEAD = 6
"""Bytes before the payload of a short masked frame."""


class Piece(NamedTuple):
    """A part of what came in."""

    message: bool
    """Whether it is the content of a short message, and not for the parser."""
    data: bytes


class ShortFrames:
    """Keeps track of where frames begin, on one connection, from the first byte behind the handshake on."""

    def __init__(self) -> None:
        self._held = b""
        """The beginning of a frame that is too short to tell."""
        self._long = 0
        """How many bytes of a long frame are still to come."""
        self._fragmented = False
        """Whether a message has begun that has not ended."""
        self._unmasked = False
        """Whether a frame was not masked: the parser refuses it, and all that follows."""

    def split(self, data: bytes) -> Iterator[Piece]:
        """Take what came in apart, in order."""
        if self._unmasked:
            yield Piece(False, data)
        else:
            held, self._held = self._held, b""
            yield from self._split(held + data)

    def _split(self, data: bytes) -> Iterator[Piece]:
        start = at = 0
        size = len(data)
        if self._long:
            at = min(self._long, size)
            self._long -= at
        while size - at >= _HEAD:
            second = data[at + 1]
            if second < _MASKED:
                break
            end = at + _HEAD + (second & 0x7F)
            if data[at] == _WHOLE_BINARY and second < _MASKED + _LONG and not self._fragmented:
                if end > size:
                    break
                if at > start:
                    yield Piece(False, data[start:at])
                yield Piece(True, apply_mask(data[at + _HEAD : end], data[at + 2 : at + _HEAD]))
                start = at = end
                continue
            length = _length(data, at)
            if length is None:
                break
            self._note(data[at])
            self._long = max(0, at + length - size)
            at = min(at + length, size)
        if size - at > 1 and data[at + 1] < _MASKED:
            self._unmasked = True
            at = size
        if at > start:
            yield Piece(False, data[start:at])
        self._held = data[at:]

    def _note(self, first: int) -> None:
        if first & _OPCODE <= _LAST_DATA_OPCODE:
            self._fragmented = not first & _FIN


def _length(data: bytes, at: int) -> int | None:
    """How many bytes a masked frame has in all; nothing when that cannot be told yet."""
    second = data[at + 1]
    length, head = second & 0x7F, 2
    if length >= _LONG:
        head = 4 if length == _LONG else 10
        if len(data) - at < head:
            return None
        length = int.from_bytes(data[at + 2 : at + head], "big")
    return head + length + 4
