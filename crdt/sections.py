"""An update taken apart into the structs of each client, and put together again from some of them.

``split`` cuts an update that a document cannot take whole (see ``scan``) into the part that can be taken and the part
that still misses a predecessor.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.encoding import read_uint, write_uint
from crdt.idranges import IdRange
from crdt.structs import TYPE, Id, Struct, read_struct
from crdt.updates import has, read_deletes, scan

Admits = Callable[[Id, Struct], bool]
"""Whether a struct may go in under an id; it is asked in the order in which they go in."""


@dataclass(slots=True)
class Section:
    """The structs of one client, of which the first ``taken`` can be put in their places."""

    client: int
    clock: int
    """The clock of the first struct."""
    start: int
    """The position of the first struct in the update."""
    structs: list[Struct] = field(default_factory=list)
    taken: int = 0
    position: int = 0
    """The clock of the struct at ``taken``."""

    def advance(self, known: dict[int, int], admits: Admits) -> bool:
        """Take as many structs as the known clocks allow; whether there were any.

        Args:
            known: for each client, the clock up to which its structs are known; brought up to date.
            admits: whether a struct may be taken.
        """
        before = self.taken
        while self.taken < len(self.structs):
            struct = self.structs[self.taken]
            mine = known.get(self.client, 0)
            end = self.position + struct.length
            if self.position > mine or (struct.skip and end > mine) or not has(known, {}, struct.needs):
                break
            if not admits((self.client, self.position), struct):
                break
            known[self.client] = max(mine, end)
            self.position = end
            self.taken += 1
        return self.taken > before

    def types(self) -> Iterator[Id]:
        """The ids of the shared types that it brings."""
        clock = self.clock
        for struct in self.structs:
            if struct.kind == TYPE:
                yield self.client, clock
            clock += struct.length

    def blocked_by(self, known: Mapping[int, int]) -> Id | None:
        """The first id that is missing for the struct at ``taken``; nothing when none will help, or all are taken."""
        if self.taken == len(self.structs):
            return None
        struct = self.structs[self.taken]
        if struct.skip or self.position > known.get(self.client, 0):
            return self.client, self.position + (struct.length if struct.skip else 0) - 1
        return next((need for need in struct.needs if not has(known, {}, (need,))), None)

    def encode(self, update: bytes, first: int, last: int, clock: int) -> bytes:
        """Write the section with only the structs from ``first`` up to ``last``; nothing when they are holes."""
        while first < last and self.structs[first].skip:
            clock += self.structs[first].length
            first += 1
        if first == last:
            return b""
        start = self.structs[first - 1].end if first else self.start
        header = write_uint(last - first) + write_uint(self.client) + write_uint(clock)
        return header + update[start : self.structs[last - 1].end]


class Split(NamedTuple):
    """An update in two parts, both made of the bytes of the original."""

    ready: bytes
    """What can be taken now."""
    waiting: bytes
    """What must wait for a predecessor."""
    wanted: frozenset[Id]
    """Ids that are missing: nothing that waits becomes ready before one of them is known."""


def advance(sections: Iterable[Section], known: Mapping[int, int], admits: Admits) -> dict[int, int]:
    """Take as many structs as the known clocks allow; give the clocks that are known then."""
    clocks = dict(known)
    while sum([section.advance(clocks, admits) for section in sections]):
        pass
    return clocks


def split(
    update: bytes,
    known: Mapping[int, int],
    admission: Callable[[list[Section], list[IdRange]], Admits] = lambda *_: lambda *_: True,
) -> Split:
    """Cut a well-formed update (see ``scan``) into what can be taken now and what must wait for a predecessor.

    Args:
        update: the update.
        known: for each client, the clock up to which its structs are known.
        admission: says what may be taken of such structs and deletions. What may not waits for good.
    """
    sections, deletes = read_sections(update)
    clocks = advance(sections, known, admission(sections, deletes))
    ready = [section.encode(update, 0, section.taken, section.clock) for section in sections]
    waiting = [section.encode(update, section.taken, len(section.structs), section.position) for section in sections]
    ready_deletes, waiting_deletes = _split_deletes(deletes, clocks)
    wanted = [(deleted.client, deleted.clock) for deleted in waiting_deletes]
    wanted += [blocker for section in sections if (blocker := section.blocked_by(clocks)) is not None]
    return Split(encode(ready, ready_deletes), encode(waiting, waiting_deletes), frozenset(wanted))


def read_sections(update: bytes) -> tuple[list[Section], list[IdRange]]:
    """Read a well-formed update (see ``scan``): the structs of each client, and what is deleted."""
    sections = []
    count, at = read_uint(update, 0)
    for _ in range(count):
        structs, at = read_uint(update, at)
        client, at = read_uint(update, at)
        clock, at = read_uint(update, at)
        section = Section(client, clock, at, position=clock)
        for _ in range(structs):
            struct = read_struct(update, at)
            section.structs.append(struct)
            at = struct.end
        sections.append(section)
    return sections, read_deletes(update, at)[0]


def clients(update: bytes) -> set[int]:
    """Give every client id that an update has structs or deletions of, or leans on.

    Raises:
        InvalidUpdate: the update is not well-formed.
    """
    named = set(scan(update, {}, bounded=True).ends)
    sections, deletes = read_sections(update)
    named.update(client for section in sections for struct in section.structs for client, _ in struct.needs)
    named.update(deleted.client for deleted in deletes)
    return named


def _split_deletes(deletes: Iterable[IdRange], known: Mapping[int, int]) -> tuple[list[IdRange], list[IdRange]]:
    ready, waiting = [], []
    for client, clock, length in deletes:
        taken = max(0, min(length, known.get(client, 0) - clock))
        if taken:
            ready.append(IdRange(client, clock, taken))
        if taken < length:
            waiting.append(IdRange(client, clock + taken, length - taken))
    return ready, waiting


def encode(sections: Iterable[bytes], deletes: Iterable[IdRange]) -> bytes:
    """Write an update from its sections, each encoded, and its deletions."""
    present = [section for section in sections if section]
    ranges: dict[int, list[IdRange]] = {}
    for deleted in deletes:
        ranges.setdefault(deleted.client, []).append(deleted)
    encoded = [write_uint(len(present)), *present, write_uint(len(ranges))]
    for client, deleted_ranges in ranges.items():
        encoded += [write_uint(client), write_uint(len(deleted_ranges))]
        encoded += [write_uint(clock) + write_uint(length) for _, clock, length in deleted_ranges]
    return b"".join(encoded)
