"""A note that cannot be loaded, rebuilt from what of it can."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from crdt.compaction import Compacted
from crdt.errors import ProtocolError
from crdt.updates import scan
from server.foldaside import fold_aside
from stores.notelog import StoredNote

Fold = Callable[[bytes | None, Sequence[bytes]], Compacted | None]


class Part(NamedTuple):
    """A piece of what is stored of a note."""

    name: str
    payload: bytes


class Rebuilt(NamedTuple):
    """What a note amounts to without the parts that cannot be used."""

    compacted: Compacted
    kept: int
    """How many parts were used."""
    dropped: list[Part]


def rebuild(stored: StoredNote, fold: Fold = fold_aside) -> Rebuilt:
    """Leave out as little as possible, so that the rest can be loaded and written; each attempt is made by ``fold``.

    First goes a snapshot that is unusable by itself, then each part that cannot be read, then, one after another, the
    last part of the shortest beginning that cannot be folded.
    """
    state, parts = _parts(stored)
    dropped = [part for part in parts if not _is_readable(part)]
    kept = [part for part in parts if _is_readable(part)]
    if state is not None and fold(state, []) is None:
        dropped.insert(0, Part("the snapshot", state))
        state = None
    while (compacted := _fold(fold, state, kept)) is None:
        dropped.append(kept.pop(_shortest_bad(fold, state, kept) - 1))
    return Rebuilt(compacted, len(kept) + (state is not None), dropped)


def _parts(stored: StoredNote) -> tuple[bytes | None, list[Part]]:
    rows = [Part(f"row {row.id}", row.update) for row in stored.rows]
    if stored.snapshot is None:
        return None, rows
    pending = stored.snapshot.pending
    waiting = [] if pending is None else [Part("what waits beside the snapshot", pending)]
    return stored.snapshot.state, waiting + rows


def _is_readable(part: Part) -> bool:
    try:
        scan(part.payload, {})
    except ProtocolError:
        return False
    return True


def _fold(fold: Fold, state: bytes | None, parts: Sequence[Part]) -> Compacted | None:
    return fold(state, [part.payload for part in parts])


def _shortest_bad(fold: Fold, state: bytes | None, parts: Sequence[Part]) -> int:
    """How many of the first parts it takes until they cannot be folded; none of them can be, all cannot."""
    good, bad = 0, len(parts)
    while bad - good > 1:
        middle = (good + bad) // 2
        if _fold(fold, state, parts[:middle]) is None:
            bad = middle
        else:
            good = middle
    return bad
