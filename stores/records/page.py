"""Pages of a list: each begins where the one before ended, whatever was inserted meanwhile."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Column

from stores.columns import Timestamp
from stores.errors import BadCursor

T = TypeVar("T")

MOST = 1000
"""The most rows that one page holds."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: at most ``limit`` rows, those that come after the row that ``cursor`` stands for."""

    limit: int = MOST
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Listed(Generic[T]):
    """A page of a list, and the cursor of the next one when there is more."""

    rows: list[T]
    next_cursor: str | None = None


def write_cursor(place: Sequence[object]) -> str:
    """Write the place of a row in the order of its list (moments, integers and strings) as a token for a URL."""
    values = [value.isoformat() if isinstance(value, datetime) else value for value in place]
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str, order: Sequence[Column[Any]]) -> list[object]:
    """Read a token back as one value for each column of the order.

    Raises:
        BadCursor: no list in this order gave it.
    """
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        return [_value(value, column) for value, column in zip(values, order, strict=True)]
    except (ValueError, TypeError, RecursionError) as error:
        raise BadCursor from error


def _value(value: object, column: Column[Any]) -> object:
    kind = column.type.python_type
    if isinstance(column.type, Timestamp) and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment
    elif type(value) is kind and "\0" not in str(value) and not (kind is int and int(str(value)).bit_length() > 63):
        return value
    raise BadCursor
