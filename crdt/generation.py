"""Generations: a note that is deleted and made again under its id is another document.

A client that still has the earlier one must not merge into it: its text would come back, mixed with the new one. Who
has the earlier document, or leans on any of it, names the client ids that wrote it, and so is known.
"""

from crdt import statevector
from crdt.document import Document
from crdt.errors import OldGeneration
from crdt.sections import clients
from crdt.updates import scan


class Generation:
    """The client ids that wrote what a note was before it was deleted."""

    def __init__(self, state_vector: bytes = statevector.EMPTY) -> None:
        """Take the state vector of all that the note was before.

        Raises:
            InvalidUpdate: it is not well-formed.
        """
        self._earlier = frozenset(statevector.decode(state_vector))

    @property
    def first(self) -> bool:
        """Whether there was none before."""
        return not self._earlier

    def check_state_vector(self, state_vector: bytes) -> None:
        """Refuse a replica that has something of an earlier generation.

        Raises:
            OldGeneration: it has.
            InvalidUpdate: the state vector is not well-formed.
        """
        if self._earlier and not self._earlier.isdisjoint(statevector.decode(state_vector)):
            raise OldGeneration

    def check_update(self, update: bytes) -> None:
        """Refuse an update by a client of an earlier generation, or one that leans on what such a client wrote.

        Raises:
            OldGeneration: it is, or does.
            InvalidUpdate: the update is not well-formed.
        """
        if self._earlier and not self._earlier.isdisjoint(clients(update)):
            raise OldGeneration


def outlived(document: Document, earlier: bytes = statevector.EMPTY) -> bytes:
    """Give the state vector to keep when a note is deleted: of its document, of what waits, and of what was earlier."""
    waiting = document.waiting
    ends = {} if waiting is None else scan(waiting, {}).ends
    return statevector.union(document.state_vector(), statevector.encode(ends), earlier)
