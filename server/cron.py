"""Cron expressions: five fields (or six, beginning with seconds), in UTC."""

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

LONGEST = 200
"""How many characters an expression may have."""

_RANGES = {
    "second": "from 0 to 59",
    "minute": "from 0 to 59",
    "hour": "from 0 to 23",
    "day-of-month": "from 1 to 31, and no further than its month",
    "month": "from 1 to 12, or JAN to DEC",
    "day-of-week": "from 0 to 7, or SUN to SAT",
}


class BadCron(Exception):
    """The cron expression cannot be understood."""


def next_run(expression: str, after: datetime) -> datetime:
    """Give the first moment after another one that an expression names, in UTC.

    Raises BadCron: in one sentence, what is wrong with the expression.
    """
    if len(expression) > LONGEST:
        raise BadCron(f"The cron expression has {len(expression)} characters; {LONGEST} are the most.")
    try:
        return next(CronSim(expression, after.astimezone(UTC)))
    except CronSimError as error:
        raise BadCron(_sentence(expression, str(error))) from None
    except StopIteration:
        raise BadCron(f'The cron expression "{expression}" names no moment in the next 50 years.') from None


def _sentence(expression: str, reason: str) -> str:
    fields = expression.split()
    name = reason.removeprefix("Bad ")
    if name not in _RANGES:
        return (
            f'The cron expression "{expression}" has {len(fields)} field{"s" * (len(fields) != 1)}: it needs five, '
            'minute hour day-of-month month day-of-week, such as "0 9 * * MON-FRI".'
        )
    part = fields[list(_RANGES).index(name) - len(_RANGES)]
    return f'The cron expression "{expression}" has the {name} "{part}": that goes {_RANGES[name]}.'
