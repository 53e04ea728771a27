"""Who is told what happens to the open notes of this process."""

from crdt.contribution import Batch
from crdt.session import Session
from stores.notelog import NoteKey


class Watcher:
    """The base class, which does nothing. Nothing waits, and nothing is raised: these are called in the hot path."""

    def changed(self, key: NoteKey, batch: Batch) -> None:
        """Called after each commit that brought something new into a note."""

    def joined(self, key: NoteKey, session: Session) -> None:
        """Called when a client is put on a note."""

    def left(self, key: NoteKey, session: Session) -> None:
        """Called when a client leaves a note; perhaps more than once."""
