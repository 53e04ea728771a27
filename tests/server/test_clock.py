from datetime import UTC, datetime, timedelta

import pytest

from server.clock import timestamp, utc_now


def test_now_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = utc_now()
    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [(0, "2026-03-29T12:00:00.000Z"), (999, "2026-03-29T12:00:00.000Z"), (123456, "2026-03-29T12:00:00.123Z")],
)
def test_a_timestamp_has_milliseconds(microsecond: int, text: str) -> None:
    assert timestamp(datetime(2026, 3, 29, 12, 0, 0, microsecond, tzinfo=UTC)) == text
