"""Loading a note from the store."""

import logging

from crdt import statevector
from crdt.document import Document
from crdt.errors import InvalidUpdate
from crdt.generation import Generation
from crdt.room import Room
from server.hosted import HostedNote, HubLimits, NoteUnavailable
from stores.notelog import NoteKey, StoredNote

logger = logging.getLogger("routa")


def document_of(stored: StoredNote) -> Document:
    """Make the document of what is stored.

    Raises:
        InvalidUpdate: it is damaged.
    """
    updates = [row.update for row in stored.rows]
    if stored.snapshot is None:
        return Document(None, updates)
    pending = stored.snapshot.pending
    return Document(stored.snapshot.state, updates if pending is None else [pending, *updates])


def host(key: NoteKey, stored: StoredNote, limits: HubLimits) -> HostedNote:
    """Open a note with what is stored of it.

    Raises:
        NoteUnavailable: that is damaged.
    """
    try:
        document = document_of(stored)
        generation = Generation(stored.earlier or statevector.EMPTY)
    except InvalidUpdate as error:
        logger.error("The note %s/%s cannot be opened: what is stored of it is damaged: %s", *key, error)
        raise NoteUnavailable("What is stored of this note is damaged: it cannot be opened.") from error
    return HostedNote(
        key, Room(document, limits.max_note_bytes, generation, limits.awareness), stored.missing, limits.clients
    )
