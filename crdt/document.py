"""A note's CRDT document, kept free of pending data.

The native document never sees an update before everything it leans on: what still misses a predecessor waits here as
bytes and goes in when the predecessor has come. So order does not matter, and nothing that waits can be left out of a
snapshot unnoticed.
"""

from collections.abc import Iterable, Mapping

from pycrdt import Doc, Text

from crdt import statevector
from crdt.applied import Applied
from crdt.deletions import covered
from crdt.errors import InvalidUpdate, TryAgainLater
from crdt.guard import Examined, Guard
from crdt.merge import merge
from crdt.native import harmless, refusal
from crdt.plaintext import carry_out
from crdt.repeats import contradicts, trim
from crdt.sections import split
from crdt.structs import Id
from crdt.surrogates import Pairs, replace
from crdt.text import Edit
from crdt.updates import EMPTY, Scan, scan

TEXT = "content"
"""The key of the ``Y.Text`` that a note's plain text is read from."""


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
        self._guard = Guard(self.encode)
        self._waiting = EMPTY
        self._wanted: frozenset[Id] = frozenset()
        self._applied = 0
        self.damaged = False
        """Whether the native core broke in the middle of something, so that this must not be used any more."""
        if state is not None:
            shape = scan(state, {}).shape
            self._integrate(state)
            self._clocks = statevector.decode(self._doc.get_state())
            self._guard.learn(shape)
        rest = list(updates)
        for update in rest:
            scan(update, {})
        if rest:
            self._load(rest)

    def _load(self, updates: list[bytes]) -> None:
        try:
            self.apply(merge(updates))
        except InvalidUpdate:
            # The native core merges what a hostile client has given one id to badly; one by one, they went in before.
            for update in updates:
                self.apply(update)

    def examine(self, update: bytes) -> Examined:
        """Look at an update before it is applied; the document is not touched.

        Raises:
            InvalidUpdate: no editor sends such a thing.
            TooMuchMissing: it leans on what is not known, and too much that does waits already.
            TryAgainLater: the document is ``damaged``.
        """
        if self.damaged:
            raise TryAgainLater
        fresh, seen = self._read(update)
        if self._waiting != EMPTY and contradicts(fresh, self._waiting):
            raise InvalidUpdate("The update gives ids to something else than what waits under them already.")
        return self._guard.judge(fresh, seen, len(self._waiting))

    def _read(self, update: bytes) -> tuple[bytes, Scan]:
        seen = scan(update, self._clocks)
        if not seen.repeats or not (seen.new or seen.deletes):
            return update, seen
        fresh = trim(update, self._clocks)
        return fresh, scan(fresh, self._clocks)

    def apply(self, update: bytes) -> Applied:
        """Take an update; what misses a predecessor waits, and what had waited for this one goes in.

        Raises:
            InvalidUpdate: the update is not well-formed. The document is as before, unless it is ``damaged``.
        """
        fresh, seen = self._read(update)
        if seen.complete and self._guard.misplaced(seen.shape):
            return self._apply_in_parts(fresh)
        return self.take(fresh, seen)

    def take(self, update: bytes, seen: Scan) -> Applied:
        """Apply an update that was examined, as ``apply`` does."""
        if not seen.complete:
            return self._apply_in_parts(update)
        if seen.new:
            self._integrate(update)
            self._advance(seen.ends)
            self._guard.learn(seen.shape)
            ready = update
        else:
            ready = update if seen.deletes and self._changes(update) else EMPTY
        if self._wanted and not self._wanted.isdisjoint(self._known_wanted()):
            released = self._apply_in_parts(EMPTY)
            return Applied(merge([ready, released.ready]), False, True)
        return Applied(ready, False, False)

    def _apply_in_parts(self, update: bytes) -> Applied:
        had_waiting = self._waiting != EMPTY
        missing = split(update, self._clocks, self._guard.may_hold).waiting != EMPTY
        ready, waiting, wanted = split(merge([self._waiting, update]), self._clocks, self._guard.may_hold)
        seen = scan(ready, self._clocks)
        changed = ready != EMPTY and self._changes(ready)
        self._waiting, self._wanted = waiting, wanted
        self._advance(seen.ends)
        self._guard.learn(seen.shape)
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
        try:
            self._doc.apply_update(update)
        except BaseException as error:  # noqa: BLE001 - a panic is no Exception
            raise self._refusal(error) from None
        self._applied += len(update)

    def _refusal(self, error: BaseException) -> InvalidUpdate:
        refused = refusal(error)
        self.damaged = self.damaged or not harmless(error)
        return refused

    def _as_clients_have_it(self, update: bytes) -> bytes:
        """Give the update, and make the native document anew, with the characters that are now cut in two replaced."""
        broken = self._pairs.broken_by(update)
        if not broken:
            return update
        state = replace(self.encode(), broken)
        self._doc = Doc()
        self._put_in(state)
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
        try:
            return self._doc.get_update(state_vector)
        except BaseException as error:  # noqa: BLE001 - a panic is no Exception
            raise self._refusal(error) from None

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
                carry_out(text, edits)
        except BaseException as error:  # noqa: BLE001 - a panic is no Exception
            raise self._refusal(error) from None
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
