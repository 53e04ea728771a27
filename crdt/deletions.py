"""Delete sets: the ranges of clocks that an update says are deleted."""

from collections.abc import Iterable

from crdt.sections import read_sections
from crdt.updates import DeletedRange


def covered(update: bytes, by: bytes) -> bool:
    """Whether everything that one well-formed update deletes is deleted by another one, too."""
    wanted, known = (_ranges(read_sections(each)[1]) for each in (update, by))
    return all(_within(ranges, known.get(client, [])) for client, ranges in wanted.items())


def _ranges(deletions: Iterable[DeletedRange]) -> dict[int, list[tuple[int, int]]]:
    """Give the ranges of each client, from start to end, sorted and joined where they touch."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    for client, clock, length in sorted(deletions):
        mine = ranges.setdefault(client, [])
        if mine and clock <= mine[-1][1]:
            mine[-1] = (mine[-1][0], max(mine[-1][1], clock + length))
        else:
            mine.append((clock, clock + length))
    return ranges


def _within(wanted: Iterable[tuple[int, int]], known: Iterable[tuple[int, int]]) -> bool:
    candidates = iter(known)
    start, end = 0, 0
    for first, last in wanted:
        while end < last:
            found = next(candidates, None)
            if found is None:
                return False
            start, end = found
        if first < start:
            return False
    return True
