"""Making a document of what is stored."""

from crdt.document import Document
from stores.notelog import StoredNote


def document_of(stored: StoredNote) -> Document:
    """Make the document of what is stored.

    Raises:
        InvalidUpdate: it is damaged.
    """
    updates = [row.update for row in stored.rows]
    if stored.snapshot is None:
        return Document(None, updates)
    pending = stored.snapshot.pending
    rest = updates if pending is None else [pending, *updates]
    return Document(stored.snapshot.state, rest, stored.snapshot.sealed)
