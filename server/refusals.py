"""The updates that ended the server before, and who sent them: they are not taken again."""

from collections.abc import Iterable

from crdt import statevector
from crdt.document import Document
from crdt.errors import InvalidUpdate
from crdt.updates import EMPTY
from server.culprit import ids_of, updates_in
from stores.notelog import NoteKey
from stores.quarantine import Entry, Kind, digest_of

_REASON = "This ended the server before, and is not taken again: what was typed since is in the editor alone."
_TOKEN = "token "  # noqa: S105 - the word before its id


class Refusals:
    """What is refused, by note.

    The same bytes are; and since a client that comes back sends what it has in other pieces, so is an update that
    writes any of the same items anew. Who showed a token is known by it, and may not edit that note any more; an
    address is not held against anybody, for many may share it.
    """

    def __init__(self) -> None:
        self._entries: dict[NoteKey, list[Entry]] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def replace(self, entries: Iterable[Entry]) -> None:
        """Refuse these, and no others any more."""
        self._entries = {}
        for entry in entries:
            if entry.kind == Kind.UPDATE:
                self._entries.setdefault(NoteKey(entry.workspace_id, entry.note_id), []).append(entry)

    def of(self, key: NoteKey, sender: str, frame: bytes, document: Document) -> InvalidUpdate | None:
        """Say why a frame is not taken; nothing when it may be."""
        entries = self._entries.get(key, ())
        if not entries:
            return None
        updates = [update for update in updates_in(frame) if update != EMPTY]
        for entry in entries:
            if any(_same(entry, update, document) for update in updates) or (updates and _sent_by(entry, sender)):
                return InvalidUpdate(_REASON)
        return None


def _sent_by(entry: Entry, sender: str) -> bool:
    return sender == entry.sender and sender.startswith(_TOKEN)


def _same(entry: Entry, update: bytes, document: Document) -> bool:
    return digest_of(update) == entry.digest or _writes_any(entry.ids, update, document)


def _writes_any(ids: Iterable[Iterable[int]], update: bytes, document: Document) -> bool:
    """Whether an update writes any of these items; those that the document has by now are not what did the harm."""
    try:
        written = {client: (start, end) for client, start, end in ids_of(update)}
    except InvalidUpdate:
        return False
    known = statevector.decode(document.state_vector())
    for client, start, end in ids:
        if client in written:
            first, last = written[client]
            if max(start, first, known.get(client, 0)) < min(end, last):
                return True
    return False
