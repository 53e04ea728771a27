"""Merging updates on their bytes alone, without a document: nothing is lost, pending structs included."""

from collections.abc import Sequence

from pycrdt import merge_updates

from crdt.native import refusing
from crdt.typed import join, join_others

FAN_IN = 64
"""Merging is quadratic in the number of updates, so it is done as a tree with this many branches."""


def merge(updates: Sequence[bytes]) -> bytes:
    """Merge one or more updates into one that has the effect of all of them, in whatever order they came.

    Raises:
        InvalidUpdate: they cannot be merged.
    """
    level = list(updates)
    joined = join(level) if len(level) > 1 else None
    if joined is not None:
        return joined
    while len(level) > 1:
        level = [_merge_group(level[i : i + FAN_IN]) for i in range(0, len(level), FAN_IN)]
    return level[0]


def merge_others(updates: Sequence[bytes]) -> list[bytes]:
    """For each of two or more updates, merge all the others."""
    joined = join_others(updates)
    if joined is not None:
        return joined
    before = updates[0]
    others = [b""]
    for update in updates[1:]:
        others.append(before)
        before = merge_updates(before, update)
    after = updates[-1]
    for i in range(len(updates) - 2, 0, -1):
        others[i] = merge_updates(others[i], after)
        after = merge_updates(updates[i], after)
    others[0] = after
    return others


def _merge_group(updates: Sequence[bytes]) -> bytes:
    if len(updates) == 1:
        return updates[0]
    with refusing():
        return merge_updates(*updates)
