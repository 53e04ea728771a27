"""What an update brings and what it leans on, read from its bytes (format v1) before any document sees it.

An update is a list of sections, one a client, each a run of structs from a clock on; then a delete set, a list of clock
ranges for each client. ``scan`` says whether a document with given clocks can take the update whole. Where it cannot,
``split`` cuts it into the part that can be taken and the part that still misses a predecessor.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crdt.encoding import read_uint, write_uint
from crdt.errors import InvalidUpdate, ProtocolError
from crdt.structs import Id, Struct, read_struct

EMPTY = b"\x00\x00"
"""The update that says nothing."""


def only_deletes(update: bytes) -> bool:
    """Whether an update has no structs, only a delete set."""
    return update.startswith(b"\x00")


class Scan(NamedTuple):
    """What an update holds, measured against what a document knows."""

    ends: dict[int, int]
    """For each client with structs in the update, the clock behind the last one."""
    complete: bool
    """Whether everything it leans on is known or stands before it in the update."""
    new: bool
    """Whether it has structs that are not known."""
    deletes: bool
    """Whether it has a delete set."""


def scan(update: bytes, known: Mapping[int, int]) -> Scan:
    """Read an update once, front to back.

    Args:
        update: the update, format v1.
        known: for each client, the clock up to which its structs are known.

    Raises:
        InvalidUpdate: the update is not well-formed.
    """
    try:
        return _scan(update, known)
    except IndexError:
        raise InvalidUpdate("The update is cut short.") from None
    except InvalidUpdate:
        raise
    except ProtocolError as error:
        raise InvalidUpdate(str(error)) from None


def _scan(update: bytes, known: Mapping[int, int]) -> Scan:
    ends: dict[int, int] = {}
    complete, new = True, False
    sections, at = read_uint(update, 0)
    for _ in range(sections):
        count, at = read_uint(update, at)
        client, at = read_uint(update, at)
        clock, at = read_uint(update, at)
        if client in ends:
            raise InvalidUpdate("A client has two sections in the update.")
        ends[client] = clock
        complete = complete and clock <= known.get(client, 0)
        for _ in range(count):
            struct = read_struct(update, at)
            at = struct.end
            complete = complete and not struct.skip and _has(known, ends, struct.needs)
            clock += struct.length
            ends[client] = clock
        new = new or clock > known.get(client, 0)
    deletes, at = _read_deletes(update, at)
    for client, clock, length in deletes:
        complete = complete and clock + length <= max(known.get(client, 0), ends.get(client, 0))
    return Scan(ends, complete, new, bool(deletes))


def _has(known: Mapping[int, int], ends: Mapping[int, int], needs: Iterable[Id]) -> bool:
    return all(clock < known.get(client, 0) or clock < ends.get(client, 0) for client, clock in needs)


class DeletedRange(NamedTuple):
    """A range of clocks of one client that is deleted."""

    client: int
    clock: int
    length: int


def _read_deletes(update: bytes, at: int) -> tuple[list[DeletedRange], int]:
    deletes = []
    clients, at = read_uint(update, at)
    for _ in range(clients):
        client, at = read_uint(update, at)
        ranges, at = read_uint(update, at)
        for _ in range(ranges):
            clock, at = read_uint(update, at)
            length, at = read_uint(update, at)
            if length == 0:
                raise InvalidUpdate("A delete range in the update has no length.")
            deletes.append(DeletedRange(client, clock, length))
    if at != len(update):
        raise InvalidUpdate("The update has bytes behind its end.")
    return deletes, at


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

    def advance(self, known: dict[int, int]) -> bool:
        """Take as many structs as the known clocks allow; whether there were any."""
        before = self.taken
        while self.taken < len(self.structs):
            struct = self.structs[self.taken]
            mine = known.get(self.client, 0)
            end = self.position + struct.length
            if self.position > mine or (struct.skip and end > mine) or not _has(known, {}, struct.needs):
                break
            known[self.client] = max(mine, end)
            self.position = end
            self.taken += 1
        return self.taken > before

    def blocked_by(self, known: Mapping[int, int]) -> Id | None:
        """The first id that is missing for the struct at ``taken``; nothing when all structs are taken."""
        if self.taken == len(self.structs):
            return None
        struct = self.structs[self.taken]
        if struct.skip or self.position > known.get(self.client, 0):
            return self.client, self.position + (struct.length if struct.skip else 0) - 1
        return next(need for need in struct.needs if not _has(known, {}, (need,)))

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


def split(update: bytes, known: Mapping[int, int]) -> Split:
    """Cut a well-formed update (see ``scan``) into what can be taken now and what must wait for a predecessor."""
    sections, deletes = read_sections(update)
    clocks = dict(known)
    while sum(section.advance(clocks) for section in sections):
        pass
    ready = [section.encode(update, 0, section.taken, section.clock) for section in sections]
    waiting = [section.encode(update, section.taken, len(section.structs), section.position) for section in sections]
    ready_deletes, waiting_deletes = _split_deletes(deletes, clocks)
    wanted = [(deleted.client, deleted.clock) for deleted in waiting_deletes]
    wanted += [blocker for section in sections if (blocker := section.blocked_by(clocks)) is not None]
    return Split(encode(ready, ready_deletes), encode(waiting, waiting_deletes), frozenset(wanted))


def read_sections(update: bytes) -> tuple[list[Section], list[DeletedRange]]:
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
    return sections, _read_deletes(update, at)[0]


def clients(update: bytes) -> set[int]:
    """Give every client id that an update has structs or deletions of, or leans on.

    Raises:
        InvalidUpdate: the update is not well-formed.
    """
    named = set(scan(update, {}).ends)
    sections, deletes = read_sections(update)
    named.update(client for section in sections for struct in section.structs for client, _ in struct.needs)
    named.update(deleted.client for deleted in deletes)
    return named


def _split_deletes(
    deletes: Iterable[DeletedRange], known: Mapping[int, int]
) -> tuple[list[DeletedRange], list[DeletedRange]]:
    ready, waiting = [], []
    for client, clock, length in deletes:
        taken = max(0, min(length, known.get(client, 0) - clock))
        if taken:
            ready.append(DeletedRange(client, clock, taken))
        if taken < length:
            waiting.append(DeletedRange(client, clock + taken, length - taken))
    return ready, waiting


def encode(sections: Iterable[bytes], deletes: Iterable[DeletedRange]) -> bytes:
    """Write an update from its sections, each encoded, and its deletions."""
    present = [section for section in sections if section]
    ranges: dict[int, list[DeletedRange]] = {}
    for deleted in deletes:
        ranges.setdefault(deleted.client, []).append(deleted)
    encoded = [write_uint(len(present)), *present, write_uint(len(ranges))]
    for client, deleted_ranges in ranges.items():
        encoded += [write_uint(client), write_uint(len(deleted_ranges))]
        encoded += [write_uint(clock) + write_uint(length) for _, clock, length in deleted_ranges]
    return b"".join(encoded)
