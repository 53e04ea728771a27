"""Reading the structs of an update (format v1) without building them: how long each is, and what it leans on.

A struct is a piece of content (an item), what is left of a collected one (GC), or a hole (Skip). Items name the ids of
their neighbours; these must be known before the item can be put in its place. The layout is that of Yjs' ``Item.write``
and ``readClientsStructRefs``; content that only some Yjs cores know (Move, weak links) is refused, since it stops every
other client of the note.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from crdt.encoding import read_bytes, read_string, read_uint
from crdt.errors import InvalidUpdate

Id: TypeAlias = tuple[int, int]
"""A client id and a clock: one character or one value."""

MAX_DEPTH = 64
"""How deep arrays and objects may be nested in one value."""

TEXT = 4
"""The kind of content that is text, in the low five bits of an item's first byte."""
HAS_ORIGIN, HAS_RIGHT_ORIGIN = 0x80, 0x40
"""The bits of an item's first byte that say whether its left and right neighbours are named."""

_REF = 0x1F
_GC, _SKIP = 0, 10
_HAS_PARENT_SUB = 0x20


class Struct(NamedTuple):
    """What can be said of a struct from its bytes."""

    length: int
    """How many clocks it takes."""
    needs: tuple[Id, ...]
    """The ids that must be known first."""
    skip: bool
    """Whether it is a hole: its clocks are not in this update."""
    end: int
    """The position behind it."""


def read_struct(data: bytes, at: int) -> Struct:
    """Read one struct.

    Raises:
        IndexError: the bytes end within it.
        ProtocolError: it is not well-formed.
    """
    info = data[at]
    ref = info & _REF
    if ref in (_GC, _SKIP):
        length, at = read_uint(data, at + 1)
        return Struct(_positive(length), (), ref == _SKIP, at)
    needs, at = read_head(data, at)
    if ref == TEXT:
        length, at = _read_text(data, at)
    else:
        length, at = _content(ref)(data, at)
    return Struct(_positive(length), needs, False, at)


def read_head(data: bytes, at: int) -> tuple[tuple[Id, ...], int]:
    """Read what stands before the content of an item: the ids it needs, and the position of the content.

    Raises:
        IndexError: the bytes end within it.
        ProtocolError: it is not well-formed.
    """
    info = data[at]
    at += 1
    needs: tuple[Id, ...] = ()
    if info & HAS_ORIGIN:
        client, at = read_uint(data, at)
        clock, at = read_uint(data, at)
        needs = ((client, clock),)
    if info & HAS_RIGHT_ORIGIN:
        client, at = read_uint(data, at)
        clock, at = read_uint(data, at)
        needs += ((client, clock),)
    return (needs, at) if needs else _read_parent(data, at, info)


def _read_parent(data: bytes, at: int, info: int) -> tuple[tuple[Id, ...], int]:
    needs: tuple[Id, ...] = ()
    is_root, at = read_uint(data, at)
    if is_root == 1:
        _, at = read_string(data, at)
    else:
        client, at = read_uint(data, at)
        clock, at = read_uint(data, at)
        needs = ((client, clock),)
    if info & _HAS_PARENT_SUB:
        _, at = read_string(data, at)
    return needs, at


def _positive(length: int) -> int:
    if length == 0:
        raise InvalidUpdate("A struct in the update has no length.")
    return length


def _read_text(data: bytes, at: int) -> tuple[int, int]:
    raw, at = read_bytes(data, at)
    if raw.isascii():
        return len(raw), at
    return utf16_length(raw), at


def utf16_length(raw: bytes) -> int:
    """Count the UTF-16 code units of some UTF-8: the length of a text as Yjs counts it.

    Raises:
        InvalidUpdate: the bytes are not UTF-8.
    """
    try:
        return len(raw.decode().encode("utf-16-le")) // 2
    except UnicodeDecodeError:
        raise InvalidUpdate("A text in the update is not UTF-8.") from None


def _read_deleted(data: bytes, at: int) -> tuple[int, int]:
    return read_uint(data, at)


def _read_json(data: bytes, at: int) -> tuple[int, int]:
    length, at = read_uint(data, at)
    for _ in range(length):
        _, at = read_string(data, at)
    return length, at


def _read_one_bytes(data: bytes, at: int) -> tuple[int, int]:
    _, at = read_bytes(data, at)
    return 1, at


def _read_one_string(data: bytes, at: int) -> tuple[int, int]:
    _, at = read_string(data, at)
    return 1, at


def _read_format(data: bytes, at: int) -> tuple[int, int]:
    _, at = read_string(data, at)
    _, at = read_string(data, at)
    return 1, at


def _read_type(data: bytes, at: int) -> tuple[int, int]:
    kind, at = read_uint(data, at)
    if kind > 6:
        raise InvalidUpdate(f"The update has a shared type ({kind}) that is not known here.")
    if kind in (3, 5):
        _, at = read_string(data, at)
    return 1, at


def _read_any(data: bytes, at: int) -> tuple[int, int]:
    length, at = read_uint(data, at)
    for _ in range(length):
        at = skip_any(data, at)
    return length, at


def _read_document(data: bytes, at: int) -> tuple[int, int]:
    _, at = read_string(data, at)
    return 1, skip_any(data, at)


_CONTENT: dict[int, Callable[[bytes, int], tuple[int, int]]] = {
    1: _read_deleted,
    2: _read_json,
    3: _read_one_bytes,
    5: _read_one_string,
    6: _read_format,
    7: _read_type,
    8: _read_any,
    9: _read_document,
}


def is_text(data: bytes, at: int) -> bool:
    """Whether the struct at a position is an item of text."""
    return data[at] & _REF == TEXT


def _content(ref: int) -> Callable[[bytes, int], tuple[int, int]]:
    try:
        return _CONTENT[ref]
    except KeyError:
        raise InvalidUpdate(f"The update has a kind of content ({ref}) that is not known here.") from None


_FIXED = {120: 0, 121: 0, 122: 8, 123: 8, 124: 4, 126: 0, 127: 0}
"""Any values of a fixed size: true, false, bigint, float64, float32, null, undefined."""


def skip_any(data: bytes, at: int, depth: int = 0) -> int:
    """Give the position behind a lib0 "any" value.

    Raises:
        IndexError: the bytes end within it.
        ProtocolError: it is not well-formed, or nested deeper than ``MAX_DEPTH``.
    """
    kind = data[at]
    at += 1
    if kind in _FIXED:
        at += _FIXED[kind]
        if at > len(data):
            raise IndexError
        return at
    if kind == 125:
        return _skip_int(data, at)
    if kind == 119:
        return read_string(data, at)[1]
    if kind == 116:
        return read_bytes(data, at)[1]
    if kind in (117, 118):
        return _skip_nested(data, at, kind == 118, depth + 1)
    raise InvalidUpdate(f"A value in the update has a type ({kind}) that is not known here.")


def _skip_int(data: bytes, at: int) -> int:
    start = at
    while data[at] >= 0x80:
        at += 1
    if at - start > 8:
        raise InvalidUpdate("A number in the update is larger than 2^53 - 1.")
    return at + 1


def _skip_nested(data: bytes, at: int, keyed: bool, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise InvalidUpdate(f"A value in the update is nested deeper than {MAX_DEPTH} levels.")
    length, at = read_uint(data, at)
    for _ in range(length):
        if keyed:
            _, at = read_string(data, at)
        at = skip_any(data, at, depth)
    return at
