"""Whether what an update brings may go into a document, asked struct by struct in the order in which it would.

An item is in what it names as its parent, or in what its neighbours are in; so it is with the key under which it is, in
a map or as an attribute. Under a key editors put one value at a time, and never text. The native core cannot do with
anything else: when such an item is cut in two, and the map then goes, it keeps on using the memory of the map.
"""

from collections.abc import Callable, Iterable, Sequence

from crdt.idranges import IdRanges
from crdt.sections import Section
from crdt.structs import ANY, TEXT, Id, Struct


class Admission:
    """Looks at the structs of one update."""

    def __init__(
        self,
        sections: Iterable[Section],
        deletes: Sequence[tuple[int, int, int]],
        may_hold: Callable[[Id], bool],
        under_keys: IdRanges,
    ) -> None:
        """Begin with an update.

        Args:
            sections: its structs.
            deletes: what it deletes.
            may_hold: whether items may be in what the document has under an id.
            under_keys: what the document has under keys.
        """
        self.under_keys = IdRanges()
        """What was found to come under keys."""
        self._types = {place for section in sections for place in section.types()}
        self._deletes = deletes
        self._deleted: IdRanges | None = None
        self._may_hold = may_hold
        self._known = under_keys

    def __call__(self, place: Id, struct: Struct) -> bool:
        """Whether a struct may go in; what it leans on is there, or was asked about before."""
        parent = struct.parent
        if parent is not None and parent not in self._types and not self._may_hold(parent):
            return False
        if not self._is_under_key(struct):
            return True
        self.under_keys.add(place, struct.length)
        if struct.kind == ANY and struct.length > 1:
            return self._is_deleted(place, struct.length)
        return struct.kind != TEXT

    def _is_under_key(self, struct: Struct) -> bool:
        if struct.keyed or struct.parent is not None:
            return struct.keyed
        return any(place in self._known or place in self.under_keys for place in struct.needs)

    def _is_deleted(self, place: Id, length: int) -> bool:
        """Whether the update deletes it, too: values that were replaced become one item where nothing is collected."""
        if self._deleted is None:
            self._deleted = IdRanges(sorted(self._deletes))
        return self._deleted.covers(place, length)
