"""Sets of ids: of each client, ranges of clocks."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crdt.structs import Id


class IdRange(NamedTuple):
    """A range of clocks of one client."""

    client: int
    clock: int
    length: int


class IdRanges:
    """A set of ids. Ranges that touch are kept as one."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, ranges: Iterable[tuple[int, int, int]] = ()) -> None:
        """Make a set of ranges: client, clock and length of each."""
        self._starts: dict[int, list[int]] = {}
        self._ends: dict[int, list[int]] = {}
        for client, clock, length in ranges:
            self.add((client, clock), length)

    def __bool__(self) -> bool:
        return bool(self._starts)

    def __contains__(self, place: Id) -> bool:
        return self.covers(place, 1)

    def __iter__(self) -> Iterator[IdRange]:
        """Give the ranges, by client and clock."""
        for client in sorted(self._starts):
            for start, end in zip(self._starts[client], self._ends[client], strict=True):
                yield IdRange(client, start, end - start)

    def covers(self, place: Id, length: int) -> bool:
        """Whether the ids from a place on are all in it."""
        client, clock = place
        at = bisect_right(self._starts.get(client, ()), clock) - 1
        return at >= 0 and clock + length <= self._ends[client][at]

    def add(self, place: Id, length: int) -> None:
        """Add the ids from a place on."""
        client, start = place
        end = start + length
        starts, ends = self._starts.setdefault(client, []), self._ends.setdefault(client, [])
        first, last = bisect_left(ends, start), bisect_right(starts, end)
        if first < last:
            start, end = min(start, starts[first]), max(end, ends[last - 1])
        starts[first:last], ends[first:last] = [start], [end]
