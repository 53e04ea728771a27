from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.cron import LONGEST, BadCron, next_run

NOW = datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("expression", "moment"),
    [
        ("* * * * *", "2026-01-01T12:01:00"),
        ("*/15 * * * *", "2026-01-01T12:15:00"),
        ("0 9 * * MON-FRI", "2026-01-02T09:00:00"),
        ("0 9 * * sat", "2026-01-03T09:00:00"),
        ("0 0 L 2 *", "2026-02-28T00:00:00"),
        ("0 12 1 1 *", "2027-01-01T12:00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00:00"),
        ("30 0 12 * * *", "2026-01-01T12:00:30"),
        ("  0   9 * *   * ", "2026-01-02T09:00:00"),
    ],
)
def test_the_next_moment_after_now_in_utc(expression: str, moment: str) -> None:
    assert next_run(expression, NOW) == datetime.fromisoformat(moment + "+00:00")
    there = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert next_run(expression, there).isoformat() == moment + "+00:00"


def test_a_moment_that_is_named_is_followed_by_the_next_one() -> None:
    first = next_run("0 * * * *", NOW)
    assert next_run("0 * * * *", first) == first + timedelta(hours=1)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("61 * * * *", 'has the minute "61": that goes from 0 to 59.'),
        ("* 24 * * *", 'has the hour "24": that goes from 0 to 23.'),
        ("* * 0 * *", 'has the day-of-month "0": that goes from 1 to 31, and no further than its month.'),
        ("* * 30 2 *", 'has the day-of-month "30": that goes from 1 to 31, and no further than its month.'),
        ("* * * FOO *", 'has the month "FOO": that goes from 1 to 12, or JAN to DEC.'),
        ("* * * * 8", 'has the day-of-week "8": that goes from 0 to 7, or SUN to SAT.'),
        ("61 * * * * *", 'has the second "61": that goes from 0 to 59.'),
        ("*/0 * * * *", 'has the minute "*/0": that goes from 0 to 59.'),
        ("", "has 0 fields: it needs five, minute hour day-of-month month day-of-week"),
        ("@daily", "has 1 field: it needs five,"),
        ("* * * *", "has 4 fields: it needs five,"),
        ("* * * * * * *", "has 7 fields: it needs five,"),
        ("0 0 */31 * MON#5", "names no moment in the next 50 years."),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(expression: str, why: str) -> None:
    with pytest.raises(BadCron) as refused:
        next_run(expression, NOW)
    assert str(refused.value).startswith(f'The cron expression "{expression}" {why}')


def test_an_expression_has_a_longest_length() -> None:
    assert next_run("0," * 95 + "0 * * * *", NOW) == next_run("0 * * * *", NOW)
    with pytest.raises(BadCron, match=f"has {LONGEST + 1} characters; {LONGEST} are the most"):
        next_run("0" * (LONGEST + 1), NOW)
