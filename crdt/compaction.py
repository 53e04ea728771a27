"""Compaction: a snapshot and the updates since become one smaller snapshot, checked before anything is thrown away."""

from collections.abc import Sequence
from typing import NamedTuple

from crdt.document import Document
from crdt.seal import seal


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
    sealed: bytes
    """What is known of the state: see ``crdt.seal``."""


def compact(state: bytes | None, updates: Sequence[bytes], sealed: bytes | None = None) -> Compacted:
    """Fold updates into a snapshot.

    Args:
        state: the snapshot's document, or nothing.
        updates: those that waited beside the snapshot for a predecessor, and the log since.
        sealed: what is known of the snapshot's document.

    Raises:
        CompactionFailed: what was encoded does not decode to the same document.
        InvalidUpdate: the snapshot or an update is not well-formed.
    """
    document = Document(state, updates, sealed)
    encoded, text = document.encode(), document.text()
    copy = Document(encoded)
    if copy.state_vector() != document.state_vector() or copy.text() != text:
        raise CompactionFailed(str(CompactionFailed.__doc__))
    return Compacted(encoded, document.waiting, text, seal(encoded, copy.known()))
