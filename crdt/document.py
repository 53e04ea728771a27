"""A note's CRDT document, kept free of pending data.

The native document never sees an update before everything it leans on: what still misses a predecessor waits here as
bytes and goes in when the predecessor has come. So order does not matter, and nothing that waits can be left out of a
snapshot unnoticed.
"""

from collections.abc import Iterable, Mapping

from crdt import statevector, typed
from crdt.applied import Applied
from crdt.deletions import covered
from crdt.errors import InvalidUpdate, TryAgainLater
from crdt.guard import Examined, Guard
from crdt.merge import merge
from crdt.repeats import contradicts, trim
from crdt.replica import Replica
from crdt.seal import Known, unseal
from crdt.sections import split
from crdt.structs import Id
from crdt.text import Edit
from crdt.typed import Typed
from crdt.updates import EMPTY, Scan, scan


class Document:
    """A CRDT document and the updates that wait for their predecessors."""

    def __init__(self, state: bytes | None = None, updates: Iterable[bytes] = (), sealed: bytes | None = None) -> None:
        """Load a document.

        Args:
            state: a whole document without pending data, as ``encode`` gives it.
            updates: what came since, in any order.
            sealed: what ``seal`` said of that state. With it, the document is ``asleep`` until more is needed of it.

        Raises:
            InvalidUpdate: the state or an update is not well-formed.
        """
        self._replica = Replica()
        self._clocks: dict[int, int] = {}
        self._guard = Guard(self.encode)
        self._waiting = EMPTY
        self._wanted: frozenset[Id] = frozenset()
        if state is not None:
            known = unseal(sealed, state)
            if known is None:
                shape = scan(state, {}).shape
                self._replica.integrate(state)
                self._guard.learn(state, shape, {})
                self._clocks = self._replica.clocks()
            else:
                self._replica.hold(state)
                self._guard.recall(known)
                self._clocks = dict(known.clocks)
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
        fresh, seen = self._read(update, bounded=True)
        if self._waiting != EMPTY and contradicts(fresh, self._waiting):
            raise InvalidUpdate("The update gives ids to something else than what waits under them already.")
        return self._guard.judge(fresh, seen, self._clocks, len(self._waiting))

    def _read(self, update: bytes, *, bounded: bool = False) -> tuple[bytes, Scan]:
        seen = scan(update, self._clocks, bounded=bounded)
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

    def type(self, update: bytes) -> Typed | None:
        """Take an update that is a run of text beside what is there; nothing when it is not, or something waits.

        It goes into the native document together with others: with ``settle``, or before anything else is done with it.
        """
        if self._waiting != EMPTY or self.damaged:
            return None
        read = typed.read(update, self._clocks)
        if read is None or self._guard.under_key(read[1]):
            return None
        client, run = read
        self._clocks[client] = run.end
        taken = typed.typed(update, run)
        self._replica.type(taken)
        return taken

    def settle(self) -> None:
        """Put what was typed into the native document.

        Raises:
            TryAgainLater: the native core broke on it. The document is ``damaged``.
        """
        self._replica.settle()

    def known(self) -> Known:
        """Say what has to be known of this document to judge what comes in."""
        return self._guard.known(self._clocks)

    @property
    def asleep(self) -> bool:
        """Whether the native document has not been made yet: it can be sent whole, and told what it has."""
        return self._replica.asleep

    def wake(self) -> None:
        """Make the native document, if it is ``asleep``; it is made anyway when it is needed.

        Raises:
            TryAgainLater: the native core broke on what is stored. The document is ``damaged``.
        """
        self._replica.wake()

    @property
    def damaged(self) -> bool:
        """Whether the native core broke in the middle of something, so that this must not be used any more."""
        return self._replica.damaged

    def take(self, update: bytes, seen: Scan) -> Applied:
        """Apply an update that was examined, as ``apply`` does."""
        if not seen.complete:
            return self._apply_in_parts(update)
        if seen.new:
            self._replica.integrate(update)
            self._guard.learn(update, seen.shape, self._clocks)
            self._advance(seen.ends)
            ready = update
        else:
            ready = update if seen.deletes and self._replica.changes(update) else EMPTY
        if self._wanted and not self._wanted.isdisjoint(self._known_wanted()):
            released = self._apply_in_parts(EMPTY)
            return Applied(merge([ready, released.ready]), False, True)
        return Applied(ready, False, False)

    def _apply_in_parts(self, update: bytes) -> Applied:
        had_waiting = self._waiting != EMPTY
        missing = split(update, self._clocks, self._guard.admission).waiting != EMPTY
        ready, waiting, wanted = split(merge([self._waiting, update]), self._clocks, self._guard.admission)
        seen = scan(ready, self._clocks)
        changed = ready != EMPTY and self._replica.changes(ready)
        self._waiting, self._wanted = waiting, wanted
        self._guard.learn(ready, seen.shape, self._clocks)
        self._advance(seen.ends)
        return Applied(ready if changed else EMPTY, missing and waiting != EMPTY, had_waiting and ready != EMPTY)

    def _known_wanted(self) -> set[Id]:
        return {(client, clock) for client, clock in self._wanted if clock < self._clocks.get(client, 0)}

    def _advance(self, ends: Mapping[int, int]) -> None:
        for client, end in ends.items():
            if end > self._clocks.get(client, 0):
                self._clocks[client] = end

    @property
    def waiting(self) -> bytes | None:
        """The updates that wait for a predecessor, merged into one."""
        return None if self._waiting == EMPTY else self._waiting

    @property
    def size(self) -> int:
        """How large the document and what waits are, in bytes: an upper bound, exact after ``encode``."""
        return self._replica.size + len(self._waiting) - len(EMPTY)

    @property
    def clocks(self) -> Mapping[int, int]:
        """How much of each client is in the document."""
        return self._clocks

    def state_vector(self) -> bytes:
        """Say how much of each client is in the document."""
        return statevector.encode(self._clocks)

    def difference(self, state_vector: bytes) -> bytes:
        """Give what a replica with that state vector lacks, as an update.

        Raises:
            InvalidUpdate: the state vector is not well-formed.
        """
        statevector.decode(state_vector)
        return self._replica.difference(state_vector)

    def has(self, update: bytes) -> bool:
        """Whether an update brings nothing new; the document is not touched.

        Raises:
            InvalidUpdate: the update is not well-formed.
        """
        seen = scan(update, self._clocks, bounded=True)
        if seen.new or not seen.complete:
            return False
        return not seen.deletes or covered(update, self.difference(self.state_vector()))

    def encode(self) -> bytes:
        """Give the whole document as one update, without what waits."""
        return self._replica.encode()

    def edit(self, edits: Iterable[Edit]) -> bytes:
        """Edit the plain text here; the update that says so, ``EMPTY`` when nothing changes.

        What stands in the text and is none, such as an image, stays where it is; the edits do not count it.

        Raises:
            NotPlainText: places in the plain text cannot be found in the document. Nothing was changed.
        """
        updates = self._replica.edit(edits)
        for update in updates:
            self._advance(scan(update, self._clocks).ends)
        return merge(updates) if updates else EMPTY

    def text(self) -> str:
        """Give the plain text."""
        return self._replica.text()
