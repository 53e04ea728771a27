"""Answers in JSON, prepared here: FastAPI would validate and copy each once more."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from pydantic.alias_generators import to_camel
from starlette.responses import Response

from server.clock import timestamp
from stores.records.page import Listed


def answer(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a JSON value; moments in it become ISO 8601 in UTC with milliseconds."""
    return Response(encode(content), status, headers, "application/json")


def encode(content: object) -> bytes:
    """Write a JSON value; moments in it become ISO 8601 in UTC with milliseconds."""
    return orjson.dumps(content, _other, orjson.OPT_PASSTHROUGH_DATETIME)


def _other(value: object) -> object:
    if isinstance(value, datetime):
        # Much faster than datetime's own formatting; it leaves out microseconds that are zero.
        return orjson.Fragment(orjson.dumps(value)[:24] + b'Z"') if value.microsecond else timestamp(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON.")


Shape = Callable[[tuple[Any, ...]], dict[str, Any]]
"""Turns a record into the object that clients see."""


def shape_of(record: Any) -> Shape:
    """Make the shape of a kind of record (a NamedTuple): its fields in camelCase, without those that are None."""
    keys = [to_camel(field) for field in record._fields]

    def shape(row: tuple[Any, ...]) -> dict[str, Any]:
        return {key: value for key, value in zip(keys, row, strict=True) if value is not None}

    return shape


def listing(name: str, listed: Listed[Any], shape: Shape) -> Response:
    """Answer with a page of a list under its name, and ``nextCursor`` when there is more."""
    more = {"nextCursor": listed.next_cursor} if listed.next_cursor else {}
    return answer({name: [shape(row) for row in listed.rows], **more})
