"""What writers were told is saved, and whether a text keeps that promise."""

import re
from collections import Counter
from collections.abc import Iterable
from enum import Enum, auto

WORD = re.compile(r"<[a-z0-9.-]+>")
"""How a word looks: nothing else that is sent in a soak looks like it, and no edit cuts one in two."""


class Fate(Enum):
    """What is known of a word."""

    SENT = auto()
    SAVED = auto()
    LEAVING = auto()
    """Its deletion was sent: it may be there or not."""
    DELETED = auto()
    """Its deletion is saved."""


class Broken(Exception):
    """A promise is not kept: which one, and how that was seen."""

    def __init__(self, promise: str, seen: str) -> None:
        super().__init__(f"{promise}: {seen}")
        self.promise = promise


class Ledger:
    """The words of one writer in one note; a word is written once."""

    def __init__(self, note: str) -> None:
        self.note = note
        self.buried = False
        """Whether the note was deleted: none of its words may come back."""
        self.unsure = False
        """Whether the note is being deleted: its words may be there or not."""
        self.fates: dict[str, Fate] = {}

    def wrote(self, word: str) -> None:
        """Say that a word was written."""
        self.fates[word] = Fate.SENT

    def saved(self, word: str) -> None:
        """Say that a word was acknowledged."""
        if self.fates[word] is Fate.SENT:
            self.fates[word] = Fate.SAVED

    def deletes(self, word: str) -> None:
        """Say that a word is being deleted."""
        self.fates[word] = Fate.LEAVING

    def deleted(self, word: str) -> None:
        """Say that the deletion of a word was acknowledged."""
        self.fates[word] = Fate.DELETED

    def words(self, *fates: Fate) -> set[str]:
        """Give the words of which this is known."""
        return {word for word, fate in self.fates.items() if fate in fates}


def audit(ledgers: Iterable[Ledger], note: str, text: str, when: str) -> None:
    """Hold the text of a note against what its writers were told.

    Raises:
        Broken: a word that was acknowledged is missing, a deletion that was is undone, a word of a deleted note is
            back, or a word is there twice.
    """
    found = Counter(WORD.findall(text))
    for ledger in ledgers:
        if ledger.note == note:
            _audit(ledger, found, f"in {note} {when}")
    doubled = sorted(word for word, count in found.items() if count > 1)
    if doubled:
        raise Broken("every edit is merged once", f"in {note} {when}, these words are there more than once: {doubled}")


def _audit(ledger: Ledger, found: Counter[str], where: str) -> None:
    there = set(found)
    if ledger.buried:
        back = ledger.words(*Fate) & there
        if back:
            raise Broken("a deleted note stays deleted", f"{where}, words of it are back: {_some(back)}")
    if ledger.unsure:
        return
    missing = ledger.words(Fate.SAVED) - there
    if missing:
        raise Broken("an acknowledged edit is a committed edit", f"{where}, these words are missing: {_some(missing)}")
    undone = ledger.words(Fate.DELETED) & there
    if undone:
        raise Broken("an acknowledged deletion is a committed one", f"{where}, these words are back: {_some(undone)}")


def _some(words: set[str]) -> str:
    return f"{', '.join(sorted(words)[:5])} ({len(words)} in all)"
