"""A note's CRDT document, kept free of pending data.

The native document never sees an update before everything it leans on: what still misses a predecessor waits here as
bytes and goes in when the predecessor has come. So order does not matter, and nothing that waits can be left out of a
snapshot unnoticed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import NamedTuple

from pycrdt import Doc, Text

from crdt import statevector
from crdt.deletions import covered
from crdt.errors import InvalidUpdate
from crdt.merge import merge
from crdt.structs import Id
from crdt.surrogates import Pairs, replace
from crdt.text import Edit
from crdt.updates import EMPTY, scan, split

TEXT = "content"
"""The key of the ``Y.Text`` that a note's plain text is read from."""


class Applied(NamedTuple):
    """What came of an update."""

    ready: bytes
    """What went into the document and was new to it, as an update; ``EMPTY`` when that is nothing."""
    missing: bool
    """Whether a part of the update waits for a predecessor."""
    released: bool
    """Whether ``ready`` may hold, besides this update, parts of earlier ones that had waited."""


class NotPlainText(Exception):
    """The note holds something that cannot be told from text, so its text cannot be edited here."""


NOTHING_NEW = Applied(EMPTY, False, False)
"""All of the update was known."""


class Document:
    """A CRDT document and the updates that wait for their predecessors."""

    def __init__(self, state: bytes | None = None, updates: Iterable[bytes] = ()) -> None:
        """Load a document.

        Args:
            state: a whole document without pending data, as ``encode`` gives it.
            updates: what came since, in any order.

        Raises:
            InvalidUpdate: the state or an update is not well-formed.
        """
        self._doc: Doc[Text] = Doc()
        self._clocks: dict[int, int] = {}
        self._pairs = Pairs()
        self._waiting = EMPTY
        self._wanted: frozenset[Id] = frozenset()
        self._applied = 0
        if state is not None:
            self._integrate(state)
            self._clocks = statevector.decode(self._doc.get_state())
        rest = list(updates)
        if rest:
            with _refusing():
                merged = merge(rest)
            self.apply(merged)

    def apply(self, update: bytes) -> Applied:
        """Take an update; what misses a predecessor waits, and what had waited for this one goes in.

        Raises:
            InvalidUpdate: the update is not well-formed. The document is as before.
        """
        seen = scan(update, self._clocks)
        if not seen.complete:
            return self._apply_in_parts(update)
        if seen.new:
            self._integrate(update)
            self._advance(seen.ends)
            ready = update
        else:
            ready = update if seen.deletes and self._changes(update) else EMPTY
        if self._wanted and not self._wanted.isdisjoint(self._known_wanted()):
            released = self._apply_in_parts(EMPTY)
            return Applied(merge([ready, released.ready]), False, True)
        return Applied(ready, False, False)

    def _apply_in_parts(self, update: bytes) -> Applied:
        had_waiting = self._waiting != EMPTY
        missing = split(update, self._clocks).waiting != EMPTY
        ready, waiting, wanted = split(merge([self._waiting, update]), self._clocks)
        changed = ready != EMPTY and self._changes(ready)
        self._waiting, self._wanted = waiting, wanted
        self._advance(scan(ready, self._clocks).ends)
        return Applied(ready if changed else EMPTY, missing and waiting != EMPTY, had_waiting and ready != EMPTY)

    def _known_wanted(self) -> set[Id]:
        return {(client, clock) for client, clock in self._wanted if clock < self._clocks.get(client, 0)}

    def _advance(self, ends: Mapping[int, int]) -> None:
        for client, end in ends.items():
            if end > self._clocks.get(client, 0):
                self._clocks[client] = end

    def _changes(self, update: bytes) -> bool:
        """Apply an update and tell whether that changed the document."""
        update = self._as_clients_have_it(update)
        changes: list[object] = []
        subscription = self._doc.observe(changes.append)
        try:
            self._put_in(update)
        finally:
            self._doc.unobserve(subscription)
        return bool(changes)

    def _integrate(self, update: bytes) -> None:
        self._put_in(self._as_clients_have_it(update))

    def _put_in(self, update: bytes) -> None:
        with _refusing():
            self._doc.apply_update(update)
        self._applied += len(update)

    def _as_clients_have_it(self, update: bytes) -> bytes:
        """Give the update, and make the native document anew, with the characters that are now cut in two replaced."""
        broken = self._pairs.broken_by(update)
        if not broken:
            return update
        state = replace(self.encode(), broken)
        self._doc = Doc()
        self._doc.apply_update(state)
        return replace(update, broken)

    @property
    def waiting(self) -> bytes | None:
        """The updates that wait for a predecessor, merged into one."""
        return None if self._waiting == EMPTY else self._waiting

    @property
    def size(self) -> int:
        """How large the document and what waits are, in bytes: an upper bound, exact after ``encode``."""
        return self._applied + len(self._waiting) - len(EMPTY)

    def state_vector(self) -> bytes:
        """Say how much of each client is in the document."""
        return statevector.encode(self._clocks)

    def difference(self, state_vector: bytes) -> bytes:
        """Give what a replica with that state vector lacks, as an update.

        Raises:
            InvalidUpdate: the state vector is not well-formed.
        """
        statevector.decode(state_vector)
        with _refusing():
            return self._doc.get_update(state_vector)

    def has(self, update: bytes) -> bool:
        """Whether an update brings nothing new; the document is not touched.

        Raises:
            InvalidUpdate: the update is not well-formed.
        """
        seen = scan(update, self._clocks)
        if seen.new or not seen.complete:
            return False
        return not seen.deletes or covered(update, self.difference(self.state_vector()))

    def encode(self) -> bytes:
        """Give the whole document as one update, without what waits."""
        state = self.difference(statevector.EMPTY)
        self._applied = len(state)
        return state

    def edit(self, edits: Iterable[Edit]) -> bytes:
        """Edit the plain text here; the update that says so, ``EMPTY`` when nothing changes.

        What stands in the text and is none, such as an image, stays where it is; the edits do not count it.

        Raises:
            NotPlainText: places in the plain text cannot be found in the document. Nothing was changed.
        """
        updates: list[bytes] = []
        text = self._doc.get(TEXT, type=Text)
        subscription = self._doc.observe(lambda event: updates.append(event.update))
        try:
            with self._doc.transaction():
                _carry_out(text, edits)
        finally:
            self._doc.unobserve(subscription)
        for update in updates:
            self._pairs.broken_by(update)
            self._advance(scan(update, self._clocks).ends)
            self._applied += len(update)
        return merge(updates) if updates else EMPTY

    def text(self) -> str:
        """Give the plain text: the ``Y.Text`` under the key ``content``."""
        return str(self._doc.get(TEXT, type=Text))


def _carry_out(text: Text, edits: Iterable[Edit]) -> None:
    embeds = _embeds(text)
    for at, removed, inserted in edits:
        inner = [place for place in embeds if at < place < at + removed]
        for start, end in reversed(list(pairwise([at, *inner, at + removed]))):
            first = start + bisect_right(embeds, start)
            del text[first : first + end - start]
        text.insert(at + bisect_right(embeds, at), inserted)
        growth = len(inserted.encode())
        embeds = [place if place <= at else max(at, place - removed) + growth for place in embeds]


def _embeds(text: Text) -> list[int]:
    """Where in the plain text, in bytes, something stands that is none: the native core counts one for each."""
    plain = len(str(text).encode())
    if len(text) == plain:
        return []
    embeds, at = [], 0
    for value, _ in text.diff():
        if isinstance(value, str):
            at += len(value.encode())
        else:
            embeds.append(at)
    if at != plain or len(text) != plain + len(embeds):
        raise NotPlainText
    return embeds


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        # The native core panics with an exception of its own that is not an Exception, and is not exported.
        if isinstance(error, ValueError | RuntimeError) or type(error).__name__ == "PanicException":
            raise InvalidUpdate(f"The update cannot be applied: {error}") from None
        raise
