"""Who and what a crash is put down to: made before the crash, and read after it."""

from contextlib import suppress
from typing import NamedTuple

import orjson

from crdt.errors import ProtocolError
from crdt.messages import SyncStep2, Update, decode
from crdt.sections import read_sections
from crdt.updates import scan
from server.access import Identity
from server.flightrecorder import LONGEST_MARK, Doing, Record
from stores.notelog import NoteKey
from stores.quarantine import Found, Kind

OWNER = "owner"
"""The subject of the token in the link that a start prints: many may use it."""
_LONGEST_SENDER = 300


def mark_of(key: NoteKey, sender: str = "") -> bytes:
    """Give the mark under which something is recorded.

    Args:
        key: which note.
        sender: ``token …`` or ``address …``; nothing when it is nobody in particular.
    """
    mark = memoryview(orjson.dumps([*key, sender[:_LONGEST_SENDER]]))
    return bytes(mark[:LONGEST_MARK])  # what orjson gives takes 4 KiB, however short it is


def sender_of(identity: Identity, address: str | None) -> str:
    """Say who sends: whose token it is, or where it comes from; what is printed at the start is anybody's token."""
    if identity.token_id is not None and identity.subject != OWNER:
        return f"token {identity.token_id}"
    return "" if address is None else f"address {address}"


class Incident(NamedTuple):
    """A record that the process did not survive."""

    record: Record
    why: str
    """How the process ended, as the middle of a sentence: ``was ended by SIGSEGV``."""


def ids_of(update: bytes) -> list[tuple[int, int, int]]:
    """Give what an update writes: of each Yjs client, its id, the first clock, and the clock behind the last.

    Raises:
        InvalidUpdate: it is not well-formed.
    """
    scan(update, {}, bounded=True)
    sections, _ = read_sections(update)
    return [
        (section.client, section.clock, section.clock + sum(struct.length for struct in section.structs))
        for section in sections
    ]


def updates_in(frame: bytes) -> list[bytes]:
    """Give the updates of a frame as far as it can be read."""
    updates: list[bytes] = []
    with suppress(ProtocolError):
        updates.extend(message.update for message in decode(frame) if isinstance(message, Update | SyncStep2))
    return updates


def culprits(incident: Incident) -> list[Found]:
    """Say what is to be put away: the updates that were being taken, or the note when there were none."""
    record, why = incident
    try:
        workspace, note, sender = orjson.loads(record.mark)
    except ValueError:  # it was cut off: the ids are as long as ids can be, and all of quotation marks
        return []
    updates = updates_in(record.frame) if record.doing is Doing.RECEIVE else []
    if not updates:
        return [Found(workspace, note, Kind.NOTE, b"", f"The server {why} while it {_WORK[record.doing]}.")]
    reason = f"The server {why} while it applied this."
    return [Found(workspace, note, Kind.UPDATE, update, reason, _ids(update), sender) for update in updates]


_WORK = {
    Doing.RECEIVE: "answered a client of this note",
    Doing.LOAD: "loaded this note",
    Doing.TEND: "sent this note's edits on",
}


def _ids(update: bytes) -> list[tuple[int, int, int]]:
    try:
        return ids_of(update)
    except ProtocolError:
        return []
