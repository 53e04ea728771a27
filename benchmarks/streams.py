"""What typists type: Yjs updates of one character each, made by pycrdt ahead of time and kept in a file."""

import os
import struct
from functools import cache
from pathlib import Path

from pycrdt import Doc, Text, TransactionEvent

from benchmarks.load import CACHE
from benchmarks.traces import paper

FIRST_AUTHOR = 0x5EED0000
"""The first typist's client id, of the size that Yjs makes them; the others follow."""
STRIDE = 997
"""How far apart in the paper two typists begin."""


@cache
def prose() -> str:
    """Give text that a person wrote, without what takes more than a byte a character."""
    return "".join(character for character in paper().end if character.isascii())


def typed(typist: int, edits: int) -> str:
    """Give what a typist types."""
    text, start = prose(), typist * STRIDE % len(prose())
    while len(text) < start + edits:
        text += text
    return text[start : start + edits]


def streams(typists: int, edits: int) -> Path:
    """Give the file with the updates of so many typists, each long enough for so many edits."""
    length = 1 << max(8, edits - 1).bit_length()
    file = CACHE / f"streams-{typists}-{length}.bin"
    if not file.exists():
        CACHE.mkdir(exist_ok=True)
        made = file.with_suffix(f".{os.getpid()}")
        with made.open("wb") as out:
            out.write(struct.pack("<IIQ", typists, length, FIRST_AUTHOR))
            for typist in range(typists):
                text = typed(typist, length)
                out.write(text.encode())
                for update in _updates(FIRST_AUTHOR + typist, text):
                    out.write(struct.pack("<H", len(update)) + update)
        made.replace(file)
    return file


def _updates(author: int, text: str) -> list[bytes]:
    document: Doc[Text] = Doc(client_id=author)
    content = document.get("content", type=Text)
    updates: list[bytes] = []

    def record(event: TransactionEvent) -> None:
        updates.append(event.update)

    subscription = document.observe(record)
    for at, character in enumerate(text):
        content.insert(at, character)
    document.unobserve(subscription)
    return updates


def expected(counts: list[int]) -> str:
    """Give the text of a note in which each typist typed so many characters."""
    note: Doc[Text] = Doc()
    content = note.get("content", type=Text)
    for typist, edits in enumerate(counts):
        if edits:
            alone: Doc[Text] = Doc(client_id=FIRST_AUTHOR + typist)
            alone.get("content", type=Text).insert(0, typed(typist, edits))
            note.apply_update(alone.get_update())
    return str(content)
