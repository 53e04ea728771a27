"""What the native core may be given: what it was never seen to break on, and what should be tried elsewhere first.

``scan`` refuses what no editor sends. Here is what takes knowledge of the document: an item in a parent that is no
shared type stops the native core halfway through an update; shared types nested some 30,000 deep overflow its stack,
and a chain of types is never longer than there are types. What may stand under a key, ``Admission`` knows.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from crdt.admission import Admission
from crdt.errors import InvalidUpdate, TooMuchMissing
from crdt.idranges import IdRange, IdRanges
from crdt.seal import Known
from crdt.sections import Section, advance, read_sections
from crdt.structs import DELETED, GC, Id
from crdt.typed import Run, beside
from crdt.updates import PLAIN, Scan, Shape

ORDINARY_TYPES = 20_000
"""How many shared types a document may have before more of them are unusual."""
ORDINARY_STRUCTS = 50_000
"""How many structs an ordinary update has at most."""


MAX_WAITING = 1024 * 1024
"""How many bytes of updates may wait for their predecessors: all of them are read again with each."""
MAX_WAITING_TYPES = 5_000
"""How many shared types one update that waits may bring. They are not counted again when they go in."""


class Examined(NamedTuple):
    """An update that may be applied, and what was read from it."""

    update: bytes
    """The update, without what was known."""
    seen: Scan
    unusual: str | None
    """Why it should be tried elsewhere first; nothing when it is ordinary."""


class Guard:
    """The shared types of one document, and what is under keys."""

    def __init__(self, state: Callable[[], bytes]) -> None:
        """Watch over a document.

        Args:
            state: gives all that the document has, as an update.
        """
        self._state = state
        self._types: set[Id] = set()
        self._under_keys = IdRanges()

    def judge(self, update: bytes, seen: Scan, clocks: Mapping[int, int], waiting: int) -> Examined:
        """Say whether an update is ordinary.

        Args:
            update: the update, without what is known.
            seen: what was read from it.
            clocks: how much of each client the document has.
            waiting: how many bytes of updates wait for their predecessors.

        Raises:
            InvalidUpdate: it puts something into a place that is no shared type, or what no key has under a key.
            TooMuchMissing: it leans on what is not known, and too much that does waits already.
        """
        if not seen.complete:
            if waiting + len(update) > MAX_WAITING or len(seen.shape.types) > MAX_WAITING_TYPES:
                raise TooMuchMissing
        elif self.misplaced(seen.shape):
            raise InvalidUpdate("The update puts something into a place that is no shared type.")
        elif not self._admitted(update, seen.shape, clocks):
            raise InvalidUpdate("The update puts text, or several values at once, under a key.")
        return Examined(update, seen, self._unusual(seen))

    def _unusual(self, seen: Scan) -> str | None:
        shape = seen.shape
        if shape is PLAIN:
            return None
        if shape.structs > ORDINARY_STRUCTS:
            return "many structs"
        if shape.types and len(self._types) + len(shape.types) > ORDINARY_TYPES:
            return "many shared types"
        return "a document in the document" if shape.documents else None

    def _admitted(self, update: bytes, shape: Shape, clocks: Mapping[int, int]) -> bool:
        """Whether every struct of an update may go in where it belongs; its parents are in order."""
        if not (self._under_keys or shape.keyed):
            return True
        sections, deletes = read_sections(update)
        advance(sections, clocks, Admission(sections, deletes, _anything, self._under_keys))
        return all(section.taken == len(section.structs) for section in sections)

    def admission(self, sections: Sequence[Section], deletes: Sequence[IdRange]) -> Admission:
        """Give what says which structs of an update may go in."""
        return Admission(sections, deletes, self._may_hold, self._under_keys)

    def under_key(self, run: Run) -> bool:
        """Whether a run of text would be under a key, as what it is beside."""
        return bool(self._under_keys) and any(place in self._under_keys for place in beside(run))

    def known(self, clocks: Mapping[int, int]) -> Known:
        """Say what has to be known of the document."""
        return Known(clocks, self._types, tuple(self._under_keys))

    def recall(self, known: Known) -> None:
        """Begin with what is known of a document."""
        self._types.update(known.types)
        self._under_keys = IdRanges(known.under_keys)

    def learn(self, update: bytes, shape: Shape, clocks: Mapping[int, int]) -> None:
        """Take note of an update that is in the document now; ``clocks`` are those from before."""
        self._types.update(shape.types)
        if self._under_keys or shape.keyed:
            sections, deletes = read_sections(update)
            found = Admission(sections, deletes, _anything, self._under_keys)
            advance(sections, clocks, lambda place, struct: found(place, struct) or True)
            for client, clock, length in found.under_keys:
                self._under_keys.add((client, clock), length)

    def misplaced(self, shape: Shape) -> bool:
        """Whether an update has an item in something that is no shared type."""
        if not shape.parents:
            return False
        unknown = set(shape.parents) - self._types
        unknown.difference_update(shape.types)
        return bool(unknown) and not unknown <= self._collected(unknown)

    def _may_hold(self, place: Id) -> bool:
        """Whether an item may be in what has this id."""
        return place in self._types or bool(self._collected({place}))

    def _collected(self, places: set[Id]) -> set[Id]:
        """Of some ids, those of which the document knows only that they are deleted: types may have been there."""
        found: set[Id] = set()
        for section in read_sections(self._state())[0]:
            starts, clock = [], section.clock
            for struct in section.structs:
                starts.append(clock)
                clock += struct.length
            for client, at in places:
                within = client == section.client and section.clock <= at < clock
                if within and section.structs[bisect_right(starts, at) - 1].kind in (GC, DELETED):
                    found.add((client, at))
        return found


def _anything(_: Id) -> bool:
    return True
