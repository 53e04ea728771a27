"""Cutting off what is known already.

An id must never stand twice with other content in what is kept and sent on: which of the two a replica then has would
depend on the order in which it saw them. So what a client sends again is left out, whatever it is now.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from crdt.encoding import read_bytes, read_uint, write_bytes, write_uint
from crdt.sections import Section, encode, read_sections
from crdt.structs import (
    DELETED,
    DOCUMENT,
    GC,
    HAS_ORIGIN,
    HAS_RIGHT_ORIGIN,
    SKIP,
    TEXT,
    Struct,
    read_head,
)
from crdt.values import skip_any


def trim(update: bytes, known: Mapping[int, int]) -> bytes:
    """Give what is left of a well-formed update without the structs, and parts of structs, that are known."""
    sections, deletes = read_sections(update)
    return encode([_trimmed(update, section, known.get(section.client, 0)) for section in sections], deletes)


def _trimmed(update: bytes, section: Section, known: int) -> bytes:
    clock, at = section.clock, section.start
    for index, struct in enumerate(section.structs):
        if clock >= known or struct.skip:
            return section.encode(update, index, len(section.structs), clock)
        if clock + struct.length > known:
            first = _rest(update[at : struct.end], struct, section.client, clock, known - clock)
            header = write_uint(len(section.structs) - index) + write_uint(section.client) + write_uint(known)
            return header + first + update[struct.end : section.structs[-1].end]
        clock += struct.length
        at = struct.end
    return b""


def _rest(data: bytes, struct: Struct, client: int, clock: int, offset: int) -> bytes:
    """Write a struct from an offset on. As in Yjs, its left neighbour is then what was cut off."""
    if struct.kind == GC:
        return bytes((GC,)) + write_uint(struct.length - offset)
    _, at = read_head(data, 0)
    head = bytes((data[0] | HAS_ORIGIN,)) + write_uint(client) + write_uint(clock + offset - 1)
    if data[0] & HAS_RIGHT_ORIGIN:
        right = struct.needs[-1]
        head += write_uint(right[0]) + write_uint(right[1])
    return head + _rest_of_content(data, at, struct, offset)


def _rest_of_content(data: bytes, at: int, struct: Struct, offset: int) -> bytes:
    if struct.kind == DELETED:
        return write_uint(struct.length - offset)
    if struct.kind == TEXT:
        units = read_bytes(data, at)[0].decode().encode("utf-16-le")
        return write_bytes(units[2 * offset :].decode("utf-16-le", "replace").encode())
    count, at = read_uint(data, at)
    for _ in range(offset):
        at = skip_any(data, at)
    return write_uint(count - offset) + data[at:]


class _Placed(NamedTuple):
    clock: int
    struct: Struct
    data: bytes


def contradicts(update: bytes, waiting: bytes) -> bool:
    """Whether an update says of an id that waits already that it is something else.

    What was deleted meanwhile is not: its content is gone.
    """
    ours = {section.client: section for section in read_sections(waiting)[0]}
    return any(
        _differ(one, other)
        for section in read_sections(update)[0]
        if section.client in ours
        for one, other in _overlapping(_placed(update, section), _placed(waiting, ours[section.client]))
    )


def _placed(update: bytes, section: Section) -> list[_Placed]:
    placed, clock, at = [], section.clock, section.start
    for struct in section.structs:
        placed.append(_Placed(clock, struct, update[at : struct.end]))
        clock += struct.length
        at = struct.end
    return placed


def _overlapping(some: list[_Placed], others: list[_Placed]) -> Iterator[tuple[_Placed, _Placed]]:
    i = j = 0
    while i < len(some) and j < len(others):
        one, other = some[i], others[j]
        end, other_end = one.clock + one.struct.length, other.clock + other.struct.length
        if one.clock < other_end and other.clock < end:
            yield one, other
        if end <= other_end:
            i += 1
        if other_end <= end:
            j += 1


def _differ(one: _Placed, other: _Placed) -> bool:
    kinds = {one.struct.kind, other.struct.kind}
    if kinds & {GC, DELETED, SKIP}:
        return False
    if len(kinds) > 1:
        return True
    if kinds == {TEXT}:
        first, last = max(one.clock, other.clock), min(one.clock + one.struct.length, other.clock + other.struct.length)
        return _units(one, first, last) != _units(other, first, last)
    return kinds != {DOCUMENT} and one.clock == other.clock and _content(one) != _content(other)


def _units(placed: _Placed, first: int, last: int) -> bytes:
    units = read_bytes(_content(placed), 0)[0].decode().encode("utf-16-le")
    return units[2 * (first - placed.clock) : 2 * (last - placed.clock)]


def _content(placed: _Placed) -> bytes:
    return placed.data[read_head(placed.data, 0)[1] :]
