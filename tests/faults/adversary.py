"""Well-formed updates that no editor writes: ids used again, huge clocks, odd types, parents, nesting, formats, moves.

Everything comes from a seed. A case is a list of updates for one document; most of each update is plausible, so that it
gets past the first checks and into the places where native code breaks.
"""

import random
from collections.abc import Callable

from crdt.encoding import write_bytes, write_string, write_uint

CLIENTS = (1, 2, 3, 4_294_967_295)
ROOTS = ("content", "map", "xml")
KEYS = ("a", "b", "null")
TEXTS = ("a", "bc", "hello", "é", "😀", "x😀y", "\ufffd", "👩‍👩‍👧", "\x00")
JSONS = ("null", "true", "1", '"s"', "{}", "[]", '{"a":[1]}')
NO_JSON = ("undefined", "{", "", "NaN")
HUGE = (1 << 20, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 53) - 1)


class Adversary:
    """Makes updates, with a memory of the ids it has used."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._clocks: dict[int, int] = {}
        self._types: list[tuple[int, int]] = []
        self._kinds: tuple[Callable[[], tuple[bytes, int]], ...] = (
            *(self._text,) * 6,
            *(self._format,) * 2,
            *(self._type,) * 4,
            *(self._any,) * 2,
            self._deleted,
            self._json,
            self._binary,
            self._embed,
            self._document,
            self._move,
        )

    def case(self) -> list[bytes]:
        """Give updates for one document."""
        return [self._update() for _ in range(self._random.randint(1, 6))]

    def _odds(self, probability: float) -> bool:
        return self._random.random() < probability

    def _update(self) -> bytes:
        clients = self._random.sample(CLIENTS, self._random.choice((0, 1, 1, 1, 1, 2, 2, 3)))
        if clients and self._odds(0.02):
            clients.append(clients[0])
        sections = b"".join(self._section(client) for client in clients)
        return write_uint(len(clients)) + sections + self._delete_set()

    def _section(self, client: int) -> bytes:
        known = self._clocks.get(client, 0)
        clock = known
        if self._odds(0.2):
            clock = self._random.choice((0, max(0, known - 1), max(0, known - 2), known // 2, known + 1))
        elif self._odds(0.01):
            clock = self._random.choice(HUGE)
        start = clock
        structs = []
        for _ in range(self._random.choice((1, 1, 1, 2, 2, 3, 5))):
            encoded, length = self._struct(client, clock)
            structs.append(encoded)
            clock += length
        if start <= known and clock < 1 << 20:
            self._clocks[client] = max(clock, known)
        return write_uint(len(structs)) + write_uint(client) + write_uint(start) + b"".join(structs)

    def _struct(self, client: int, clock: int) -> tuple[bytes, int]:
        if self._odds(0.05):
            length = self._length()
            return bytes((self._random.choice((0, 0, 10)),)) + write_uint(length), length
        make = self._random.choice(self._kinds)
        content, length = make()
        if make == self._type and self._odds(0.9):
            self._types.append((client, clock))
        return self._head(client, clock, content[0]) + content[1:], length

    def _length(self) -> int:
        return (
            self._random.choice(HUGE)
            if self._odds(0.02)
            else self._random.choice((1, 1, 1, 2, 3, 7))
            if self._odds(0.98)
            else 0
        )

    def _head(self, client: int, clock: int, ref: int) -> bytes:
        neighbours = self._random.choice((0, 0x80, 0x80, 0x80, 0x40, 0xC0, 0xC0))
        keyed = 0x20 if self._odds(0.25) else 0
        head = bytes((neighbours | keyed | ref,))
        if neighbours & 0x80:
            near = self._odds(0.5) and clock > 0
            head += self._encode((client, clock - 1) if near else self._id(client, clock))
        if neighbours & 0x40:
            head += self._encode(self._id(client, clock))
        if not neighbours:
            head += self._parent(client, clock)
            if keyed:
                head += write_string(self._random.choice(KEYS))
        return head

    def _parent(self, client: int, clock: int) -> bytes:
        if self._types and self._odds(0.5):
            return b"\x00" + self._encode(self._random.choice(self._types))
        if self._odds(0.1):
            return b"\x00" + self._encode(self._id(client, clock))
        return b"\x01" + write_string(self._random.choice(ROOTS))

    def _encode(self, place: tuple[int, int]) -> bytes:
        return write_uint(place[0]) + write_uint(place[1])

    def _id(self, client: int, clock: int) -> tuple[int, int]:
        if self._odds(0.01):
            return self._random.choice(((client, clock), (client, clock + 1), (9, 0), (client, HUGE[3])))
        if self._odds(0.3) and clock:
            return client, self._random.randrange(clock)
        known = [(other, end) for other, end in self._clocks.items() if end]
        if not known:
            return (client, max(0, clock - 1))
        other, end = self._random.choice(known)
        return other, self._random.randrange(end)

    def _text(self) -> tuple[bytes, int]:
        text = self._random.choice(TEXTS)
        if self._odds(0.01):
            text = ""
        return b"\x04" + write_string(text), len(text.encode("utf-16-le")) // 2

    def _format(self) -> tuple[bytes, int]:
        return b"\x06" + write_string(self._random.choice(KEYS)) + self._json_value(), 1

    def _embed(self) -> tuple[bytes, int]:
        return b"\x05" + self._json_value(), 1

    def _json_value(self) -> bytes:
        if self._odds(0.01):
            return write_bytes(b"[" * self._random.choice((10, 100, 200, 5_000)))
        return write_string(self._random.choice(NO_JSON if self._odds(0.01) else JSONS))

    def _type(self) -> tuple[bytes, int]:
        kind = self._random.randrange(7) if self._odds(0.98) else self._random.choice((7, 8, 15, 255))
        return b"\x07" + write_uint(kind) + (write_string("p") if kind in (3, 5) else b""), 1

    def _deleted(self) -> tuple[bytes, int]:
        length = self._length()
        return b"\x01" + write_uint(length), length

    def _json(self) -> tuple[bytes, int]:
        values = [
            self._random.choice(JSONS) for _ in range(self._random.choice((1, 1, 2, 3)) if self._odds(0.95) else 0)
        ]
        return b"\x02" + write_uint(len(values)) + b"".join(map(write_string, values)), len(values)

    def _binary(self) -> tuple[bytes, int]:
        return b"\x03" + write_bytes(self._random.randbytes(self._random.randrange(4))), 1

    def _any(self) -> tuple[bytes, int]:
        values = [self._value(0) for _ in range(self._random.choice((1, 1, 2, 3)) if self._odds(0.95) else 0)]
        return b"\x08" + write_uint(len(values)) + b"".join(values), len(values)

    def _document(self) -> tuple[bytes, int]:
        return b"\x09" + write_string(self._random.choice(KEYS)) + self._value(0), 1

    def _move(self) -> tuple[bytes, int]:
        if self._odds(0.9):
            return self._text()
        flags = self._random.randrange(16)
        return b"\x0b" + write_uint(flags) + self._encode(self._id(1, 1)) + self._encode(self._id(1, 1)), 1

    def _value(self, depth: int) -> bytes:
        kind = self._random.choice((127, 126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116))
        if kind in (117, 118):
            count = 0 if depth > 4 else self._random.randrange(3)
            keys = (write_string(key) if kind == 118 else b"" for key in self._random.choices(KEYS, k=count))
            return bytes((kind,)) + write_uint(count) + b"".join(key + self._value(depth + 1) for key in keys)
        if kind in (116, 119):
            return bytes((kind,)) + write_bytes(b"ab")
        if kind == 125:
            return b"\x7d" + self._random.choice(
                (b"\x00", b"\x41", b"\xbf\xff\x01", b"\x80\x80\x80\x80\x80\x80\x80\x80\x01")
            )
        sizes = {124: 4, 123: 8, 122: 8}
        return bytes((kind,)) + self._random.randbytes(sizes.get(kind, 0))

    def _delete_set(self) -> bytes:
        if self._odds(0.6):
            return b"\x00"
        clients = self._random.sample(CLIENTS, self._random.randint(1, 2))
        return write_uint(len(clients)) + b"".join(self._ranges(client) for client in clients)

    def _ranges(self, client: int) -> bytes:
        count = self._random.choice((0, 1, 1, 2, 3))
        known = self._clocks.get(client, 0)
        encoded = write_uint(count) + b""
        for _ in range(count):
            start = self._random.randrange(known + 1)
            length = self._length() if self._odds(0.3) else self._random.randint(1, max(1, known - start))
            if self._odds(0.01):
                start = self._random.choice(HUGE)
            encoded += write_uint(start) + write_uint(length)
        return write_uint(client) + encoded
