"""Reading the structs of an update (format v1) without building them: how long each is, and what it leans on.

A struct is a piece of content (an item), what is left of a collected one (GC), or a hole (Skip). Items name the ids of
their neighbours; these must be known before the item can be put in its place. The layout is that of Yjs' ``Item.write``
and ``readClientsStructRefs``; content that only some Yjs cores know (Move, weak links) is refused, since it stops every
other client of the note, and so is what the native core behind this server misreads: the JSON values and the XML hooks
of old editors, and JSON that is none.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from crdt.encoding import read_bytes, read_string, read_uint
from crdt.errors import InvalidUpdate
from crdt.values import skip_any, skip_json

Id: TypeAlias = tuple[int, int]
"""A client id and a clock: one character or one value."""

MAX_CLOCK = (1 << 31) - 1
"""The largest clock. Where the native core subtracts two, a larger one turns negative."""

TEXT = 4
"""The kind of content that is text, in the low five bits of an item's first byte."""
HAS_ORIGIN, HAS_RIGHT_ORIGIN = 0x80, 0x40
"""The bits of an item's first byte that say whether its left and right neighbours are named."""
HAS_NEIGHBOUR = HAS_ORIGIN | HAS_RIGHT_ORIGIN

GC, DELETED, TYPE, ANY, DOCUMENT, SKIP = 0, 1, 7, 8, 9, 10
"""Further kinds of content, and of what is none."""

_REF = 0x1F
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
    kind: int
    """What it is: the low five bits of its first byte."""
    parent: Id | None
    """The id of the shared type it is in, if it names one."""
    keyed: bool = False
    """Whether it names a key under which it is: in a map, or as an attribute."""


def read_struct(data: bytes, at: int) -> Struct:
    """Read one struct.

    Raises:
        IndexError: the bytes end within it.
        ProtocolError: it is not well-formed.
    """
    info = data[at]
    ref = info & _REF
    if ref in (GC, SKIP):
        length, at = read_uint(data, at + 1)
        return Struct(_positive(length), (), ref == SKIP, at, ref, None)
    needs, at = read_head(data, at)
    named = not info & HAS_NEIGHBOUR
    parent = needs[0] if named and needs else None
    if ref == TEXT:
        length, at = _read_text(data, at)
    else:
        length, at = _content(ref)(data, at)
    return Struct(_positive(length), needs, False, at, ref, parent, named and info & _HAS_PARENT_SUB != 0)


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


def _read_one_bytes(data: bytes, at: int) -> tuple[int, int]:
    _, at = read_bytes(data, at)
    return 1, at


def _read_embed(data: bytes, at: int) -> tuple[int, int]:
    return 1, skip_json(data, at)


def _read_format(data: bytes, at: int) -> tuple[int, int]:
    _, at = read_string(data, at)
    return 1, skip_json(data, at)


def _read_type(data: bytes, at: int) -> tuple[int, int]:
    kind, at = read_uint(data, at)
    if kind > 6 or kind == 5:
        raise InvalidUpdate(f"The update has a shared type ({kind}) that is not known here.")
    if kind == 3:
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
    DELETED: _read_deleted,
    3: _read_one_bytes,
    5: _read_embed,
    6: _read_format,
    TYPE: _read_type,
    ANY: _read_any,
    DOCUMENT: _read_document,
}


def is_text(data: bytes, at: int) -> bool:
    """Whether the struct at a position is an item of text."""
    return data[at] & _REF == TEXT


def _content(ref: int) -> Callable[[bytes, int], tuple[int, int]]:
    try:
        return _CONTENT[ref]
    except KeyError:
        raise InvalidUpdate(f"The update has a kind of content ({ref}) that is not known here.") from None
