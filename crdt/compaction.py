"""Compaction: a snapshot and the updates since become one smaller snapshot, checked before anything is thrown away."""

from collections.abc import Sequence
from typing import NamedTuple

from crdt.document import Document


class CompactionFailed(Exception):
    """The compacted snapshot does not give the same document: the log is left as it is."""


class Compacted(NamedTuple):
    """A note as one snapshot."""

    state: bytes
    """The whole document, one update without pending data."""
    pending: bytes | None
    """Updates that still wait for a predecessor."""
    text: str
    """The plain text of the note."""


def compact(state: bytes | None, pending: bytes | None, updates: Sequence[bytes]) -> Compacted:
    """Fold updates into a snapshot.

    Args:
        state: the snapshot's document, or nothing.
        pending: the snapshot's updates that waited for a predecessor, or nothing.
        updates: the log since, in order.

    Raises:
        CompactionFailed: what was encoded does not decode to the same document.
        InvalidUpdate: the snapshot or an update is not well-formed.
    """
    document = Document(state, updates if pending is None else [pending, *updates])
    compacted = Compacted(document.encode(), document.waiting, document.text())
    copy = Document(compacted.state)
    if copy.state_vector() != document.state_vector() or copy.text() != compacted.text:
        raise CompactionFailed(str(CompactionFailed.__doc__))
    return compacted
