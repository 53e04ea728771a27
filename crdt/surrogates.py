"""Characters outside the basic plane that a client cut in two.

Yjs counts UTF-16 code units, so a client can insert between the two halves of such a character, or delete one half.
Every Yjs replica then shows U+FFFD for each half. The native core behind this server keeps the character whole and puts
the insertion somewhere else, so it must be given the text as the clients have it: with two U+FFFD in the place of the
character, which take the same two clocks.
"""

import re
from collections.abc import Iterable, Iterator

from crdt.encoding import read_bytes, write_bytes, write_uint
from crdt.idranges import IdRange
from crdt.sections import Section, encode, read_sections
from crdt.structs import HAS_ORIGIN, HAS_RIGHT_ORIGIN, Id, is_text, read_head

_ASTRAL = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")
_HALVES = "\ufffd\ufffd"


class Pairs:
    """The characters of a document that take two code units, by the id of their first half."""

    def __init__(self) -> None:
        self._ids: set[Id] = set()

    def broken_by(self, update: bytes) -> set[Id]:
        """Take the characters of an update, and say which ones of the document or the update itself it cuts in two."""
        astral = _ASTRAL.search(update) is not None
        if not astral and not self._ids:
            return set()
        sections, deletes = read_sections(update)
        if astral:
            self._ids.update(_find(update, sections))
        broken = self._ids.intersection(_cuts(update, sections, deletes))
        self._ids -= broken
        return broken


def replace(update: bytes, broken: set[Id]) -> bytes:
    """Write an update with U+FFFD for each half of the characters that are cut in two."""
    sections, deletes = read_sections(update)
    written = []
    for section in sections:
        structs = [_replaced(update, client_clock, at, end, broken) for client_clock, at, end in _walk(section)]
        header = write_uint(len(structs)) + write_uint(section.client) + write_uint(section.clock)
        written.append(header + b"".join(structs))
    return encode(written, deletes)


def _walk(section: Section) -> Iterator[tuple[Id, int, int]]:
    """The id, the position and the end of each struct of a section."""
    clock, at = section.clock, section.start
    for struct in section.structs:
        yield (section.client, clock), at, struct.end
        clock += struct.length
        at = struct.end


def _find(update: bytes, sections: Iterable[Section]) -> Iterator[Id]:
    for section in sections:
        for (client, clock), at, end in _walk(section):
            if is_text(update, at) and _ASTRAL.search(update, at, end):
                yield from ((client, clock + offset) for offset in _offsets(_text(update, at)))


def _text(update: bytes, at: int) -> str:
    return read_bytes(update, read_head(update, at)[1])[0].decode()


def _offsets(text: str) -> Iterator[int]:
    """Where the characters of two code units begin, counted in code units."""
    offset = 0
    for character in text:
        if character > "\uffff":
            yield offset
            offset += 1
        offset += 1


def _cuts(update: bytes, sections: Iterable[Section], deletes: Iterable[IdRange]) -> Iterator[Id]:
    """The ids behind which Yjs would cut a text."""
    for section in sections:
        for _, at, _ in _walk(section):
            yield from _cuts_of_item(update, at)
    for client, clock, length in deletes:
        yield client, clock - 1
        yield client, clock + length - 1


def _cuts_of_item(update: bytes, at: int) -> Iterator[Id]:
    info = update[at]
    if info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN):
        needs, _ = read_head(update, at)
        if info & HAS_ORIGIN:
            yield needs[0]
        if info & HAS_RIGHT_ORIGIN:
            client, clock = needs[-1]
            yield client, clock - 1


def _replaced(update: bytes, start: Id, at: int, end: int, broken: set[Id]) -> bytes:
    if not is_text(update, at) or not _ASTRAL.search(update, at, end):
        return update[at:end]
    client, clock = start
    characters = []
    for character in _text(update, at):
        pair = character > "\uffff"
        characters.append(_HALVES if pair and (client, clock) in broken else character)
        clock += 1 + pair
    return update[at : read_head(update, at)[1]] + write_bytes("".join(characters).encode())
