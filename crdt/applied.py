"""What came of an update."""

from typing import NamedTuple

from crdt.updates import EMPTY


class Applied(NamedTuple):
    """What came of an update."""

    ready: bytes
    """What went into the document and was new to it, as an update; ``EMPTY`` when that is nothing."""
    missing: bool
    """Whether a part of the update waits for a predecessor."""
    released: bool
    """Whether ``ready`` may hold, besides this update, parts of earlier ones that had waited."""


NOTHING_NEW = Applied(EMPTY, False, False)
"""All of the update was known."""
