"""The time of day: read in one place, so that a test can set it."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment: aware and in UTC."""


def utc_now() -> datetime:
    """Give the present moment."""
    return datetime.now(UTC)


def timestamp(moment: datetime) -> str:
    """Write an aware moment in UTC as ISO 8601 with milliseconds and ``Z``."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
