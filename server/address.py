"""The address of a note in a URL."""

import unicodedata
from urllib.parse import unquote_to_bytes

from stores.notelog import NoteKey

DEFAULT = "default"
"""The workspace of a document whose name has no slash."""

MAX_ID_LENGTH = 200
"""The longest id of a workspace or a note, in characters."""


class BadAddress(Exception):
    """The path must be /ws/{workspaceId}/{noteId}."""


def parse_note_path(path: bytes) -> NoteKey:
    """Read ``{workspaceId}/{noteId}``, each percent-encoded once.

    Args:
        path: the raw path behind ``/ws/``, without the query.

    Raises:
        BadAddress: with a sentence that says what is wrong with it.
    """
    parts = path.split(b"/")
    if len(parts) != 2:
        raise BadAddress("The path must be /ws/{workspaceId}/{noteId}; a slash within an id is written %2F.")
    return NoteKey(_parse_id("workspace", parts[0]), _parse_id("note", parts[1]))


def parse_document_name(name: str) -> NoteKey:
    """Read ``workspaceId/noteId``, as a Hocuspocus client names a document; without a slash, a note of ``default``.

    Raises:
        BadAddress: with a sentence that says what is wrong with it.
    """
    workspace, slash, note = name.partition("/")
    if not slash:
        workspace, note = DEFAULT, name
    return NoteKey(check_id("workspace", workspace), check_id("note", note))


def _parse_id(kind: str, encoded: bytes) -> str:
    try:
        decoded = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        raise BadAddress(f"The {kind} id is not UTF-8 once its percent-encoding is undone.") from None
    return check_id(kind, decoded)


def check_id(kind: str, value: str) -> str:
    """Give the id back if it is one.

    Raises:
        BadAddress: it is empty, too long, or has a control character.
    """
    if not 1 <= len(value) <= MAX_ID_LENGTH:
        raise BadAddress(f"The {kind} id must have 1 to {MAX_ID_LENGTH} characters; this one has {len(value)}.")
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise BadAddress(f"The {kind} id must not contain control characters.")
    return value
