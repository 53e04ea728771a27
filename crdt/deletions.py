"""Delete sets: the ranges of clocks that an update says are deleted."""

from crdt.idranges import IdRanges
from crdt.sections import read_sections


def covered(update: bytes, by: bytes) -> bool:
    """Whether everything that one well-formed update deletes is deleted by another one, too."""
    known = IdRanges(read_sections(by)[1])
    return all(known.covers((client, clock), length) for client, clock, length in read_sections(update)[1])
