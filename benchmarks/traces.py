"""The recorded writing of a paper, and notes made of it."""

import gzip
import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pycrdt import Doc, Text, TransactionEvent, merge_updates

from benchmarks.load import CACHE

TRACES = ("shared/data/automerge-paper.json.gz", "automerge-paper.json.gz")
"""Where the trace is looked for, in each folder above; it is of the collection josephg/editing-traces, CC BY 4.0."""
AUTHOR = 0x5EED7EA1
"""The client id of whoever wrote a note."""


class Trace(NamedTuple):
    """A recorded session: single edits (position, how much is deleted, what is inserted), and the text at the end."""

    edits: list[tuple[int, int, str]]
    end: str


@cache
def paper() -> Trace:
    """Give the session in which automerge-paper was written."""
    recorded = json.loads(gzip.decompress(_file().read_bytes()))
    edits = [(at, deleted, new) for change in recorded["txns"] for at, deleted, new in change["patches"]]
    return Trace(edits, recorded["endContent"])


def _file() -> Path:
    named = os.environ.get("ROUTA_TRACE")
    places = [Path(named)] if named else [above / name for above in Path(__file__).parents for name in TRACES]
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError("automerge-paper.json.gz was not found; let ROUTA_TRACE name it")


class Note(NamedTuple):
    """A note after so many edits, as one encoded document."""

    edits: int
    state: bytes
    behind: bytes
    """The state vector of somebody who has everything but the last ten edits."""
    updates: Path
    """The single updates, each behind its length in four bytes."""

    def document(self) -> Doc[Text]:
        """Give it as a document."""
        document: Doc[Text] = Doc()
        document.apply_update(self.state)
        return document

    def text(self) -> str:
        """Give its text."""
        return str(self.document().get("content", type=Text))


def note(edits: int) -> Note:
    """Give the note that so many edits of the paper make; after its end, the paper is written once more below."""
    state, behind, updates = (CACHE / f"note-{edits}.{part}" for part in ("state", "behind", "updates"))
    if not state.exists():
        CACHE.mkdir(exist_ok=True)
        _write(edits, state, behind, updates)
    return Note(edits, state.read_bytes(), behind.read_bytes(), updates)


def _write(edits: int, state: Path, behind: Path, updates: Path) -> None:
    document: Doc[Text] = Doc(client_id=AUTHOR)
    content = document.get("content", type=Text)
    with updates.open("wb") as out:

        def record(event: TransactionEvent) -> None:
            out.write(len(event.update).to_bytes(4, "little") + event.update)

        subscription = document.observe(record)
        for number, (at, deleted, new) in enumerate(_edits(edits)):
            if number == edits - 10:
                behind.write_bytes(document.get_state())
            with document.transaction():
                if deleted:
                    del content[at : at + deleted]
                if new:
                    content.insert(at, new)
        document.unobserve(subscription)
    state.write_bytes(document.get_update())


def _edits(count: int) -> Iterator[tuple[int, int, str]]:
    """Give the edits of the paper, positions in bytes, as pycrdt counts, as long as it is written anew below."""
    below = 0
    while True:
        for at, deleted, new in paper().edits:
            if count == 0:
                return
            count -= 1
            yield at + below, deleted, new
        below += len(paper().end.encode())


def merged(whole: Note, size: int) -> Iterator[bytes]:
    """Give the updates of a note, so many merged into one as a busy server's turns do."""
    pending: list[bytes] = []
    with whole.updates.open("rb") as file:
        while length := file.read(4):
            pending.append(file.read(int.from_bytes(length, "little")))
            if len(pending) == size:
                yield merge_updates(*pending)
                pending = []
    if pending:
        yield merge_updates(*pending)
