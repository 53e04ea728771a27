"""What was learnt of a snapshot when it was made, bound to its bytes: it need not be read again before it is used."""

import hashlib
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import version
from typing import NamedTuple

from crdt import statevector
from crdt.encoding import read_bytes, read_uint, write_bytes, write_uint
from crdt.errors import ProtocolError
from crdt.idranges import IdRange
from crdt.structs import Id

_DIGEST = 16
"""Bytes of BLAKE2b at the beginning of a seal, over the rest of it and the snapshot."""


class Known(NamedTuple):
    """What has to be known of a document to judge what comes in."""

    clocks: Mapping[int, int]
    """How much of each client is in it."""
    types: Collection[Id]
    """Its shared types."""
    under_keys: tuple[IdRange, ...] = ()
    """What is under keys, in maps and as attributes."""


def seal(state: bytes, known: Known) -> bytes:
    """Write what is known of a snapshot (Yjs update v1) that this native core has taken and given again."""
    parts = [write_bytes(_core()), write_bytes(statevector.encode(known.clocks))]
    for listed in (sorted(known.types), known.under_keys):
        parts.append(write_uint(len(listed)))
        parts += [write_uint(number) for entry in listed for number in entry]
    body = b"".join(parts)
    return _digest(body, state) + body


def unseal(sealed: bytes | None, state: bytes) -> Known | None:
    """Read a seal; nothing when it is missing, of another snapshot or native core, or not one of these."""
    if sealed is None or _digest(sealed[_DIGEST:], state) != sealed[:_DIGEST]:
        return None
    try:
        return _read(sealed)
    except (IndexError, ProtocolError):
        return None


def _read(sealed: bytes) -> Known | None:
    core, at = read_bytes(sealed, _DIGEST)
    if core != _core():
        return None
    vector, at = read_bytes(sealed, at)
    types, at = _read_numbers(sealed, at, 2)
    under_keys, at = _read_numbers(sealed, at, 3)
    places = set(zip(types[::2], types[1::2], strict=True))
    ranges = tuple(map(IdRange, under_keys[::3], under_keys[1::3], under_keys[2::3]))
    return Known(statevector.decode(vector), places, ranges)


def _read_numbers(sealed: bytes, at: int, each: int) -> tuple[list[int], int]:
    count, at = read_uint(sealed, at)
    numbers = []
    for _ in range(each * count):
        number, at = read_uint(sealed, at)
        numbers.append(number)
    return numbers, at


def _digest(body: bytes, state: bytes) -> bytes:
    digest = hashlib.blake2b(body, digest_size=_DIGEST)
    digest.update(state)
    return digest.digest()


@cache
def _core() -> bytes:
    return f"2 pycrdt {version('pycrdt')}".encode()  # the number is that of this layout
