"""What a room has taken in and not handed over to be stored yet."""

from collections.abc import Iterable, Sequence

from crdt.contribution import Batch, Contribution
from crdt.merge import merge
from crdt.updates import EMPTY, scan

OVERHEAD = 100
"""Bytes of memory, about, that a contribution takes besides its update."""


class Unstored:
    """Contributions in the order of their coming, and how much memory they take."""

    def __init__(self) -> None:
        self._contributions: list[Contribution] = []
        self._updates: list[bytes] = []
        self.bytes = 0
        """How many bytes of memory, about, wait: also what is only to be acknowledged."""

    def __bool__(self) -> bool:
        return bool(self._contributions)

    @property
    def contributions(self) -> Sequence[Contribution]:
        """What waits, in the order of its coming."""
        return self._contributions

    def add(self, contributions: Iterable[Contribution], checked: bool = False) -> None:
        """Take what came in during one turn.

        Args:
            contributions: what came in.
            checked: whether to see first that all that is to be stored can be read again once it is merged.

        Raises:
            InvalidUpdate: it cannot. It must not be stored.
        """
        for contribution in contributions:
            self._contributions.append(contribution)
            self.bytes += len(contribution.update) + OVERHEAD
            if contribution.kept != EMPTY:
                self._updates.append(contribution.kept)
        if checked and self._updates:
            self._updates = [merge(self._updates)]
            scan(self._updates[0], {})

    def take(self) -> Batch | None:
        """Hand everything over, merged; nothing when there is none."""
        if not self._contributions:
            return None
        batch = Batch(merge(self._updates) if self._updates else EMPTY, self._contributions)
        self.clear()
        return batch

    def clear(self) -> None:
        """Forget everything."""
        self._contributions, self._updates, self.bytes = [], [], 0
