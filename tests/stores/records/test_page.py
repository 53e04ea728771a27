import base64
import json
from datetime import UTC, datetime

import pytest

from stores.errors import BadCursor
from stores.records.page import read_cursor, write_cursor
from stores.tables import conversations, tasks

ORDER = [tasks.c.created_at, tasks.c.id]
NOON = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=UTC)


def token(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize("key", ["id", "", "ü😀 / ?&=", "x" * 300])
def test_a_place_comes_back_from_its_cursor(key: str) -> None:
    cursor = write_cursor([NOON, key])
    assert read_cursor(cursor, ORDER) == [NOON, key]
    assert set(cursor) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


def test_a_place_may_be_an_integer() -> None:
    assert read_cursor(write_cursor([7]), [conversations.c.seq]) == [7]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "a",
        "not base64!",
        "ü",
        token("text"),
        token({"a": 1}),
        token([NOON.isoformat()]),
        token([NOON.isoformat(), "id", 1]),
        token(["2026-13-01", "id"]),
        token(["2026-01-01T00:00:00", "id"]),
        token([1, "id"]),
        token([NOON.isoformat(), 1]),
        token([NOON.isoformat(), None]),
        token([NOON.isoformat(), "a\0b"]),
        token(json.loads("[" * 900 + "]" * 900)),
        base64.urlsafe_b64encode(b"[" * 200_000).decode(),
        base64.urlsafe_b64encode(b"\xff").decode(),
    ],
)
def test_another_token_is_no_cursor(cursor: str) -> None:
    with pytest.raises(BadCursor, match="The cursor is not one that this list gave: ask again without it"):
        read_cursor(cursor, ORDER)


@pytest.mark.parametrize("number", [1 << 63, -(1 << 64), True, 1.5, "1"])
def test_another_number_is_no_cursor(number: object) -> None:
    with pytest.raises(BadCursor):
        read_cursor(token([number]), [conversations.c.seq])
