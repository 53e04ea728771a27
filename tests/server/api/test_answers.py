from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson
import pytest

from server.api.answers import answer, encode, listing, shape_of
from server.clock import timestamp
from stores.records.page import Listed

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


class Thing(NamedTuple):
    id: str
    repo_path: str | None
    tool_args: Any


@pytest.mark.parametrize("microseconds", [0, 1, 999, 1000, 123456, 999999])
def test_moments_are_written_with_milliseconds(microseconds: int) -> None:
    moment = NOON + timedelta(microseconds=microseconds)
    assert orjson.loads(encode({"at": moment})) == {"at": timestamp(moment)}


def test_what_has_no_place_in_json_is_a_defect() -> None:
    with pytest.raises(TypeError):
        encode({"at": object()})


def test_an_answer_is_json() -> None:
    made = answer({"a": "ü"}, 201, {"x-other": "1"})
    assert (made.status_code, made.body) == (201, '{"a":"ü"}'.encode())
    assert (made.headers["content-type"], made.headers["x-other"]) == ("application/json", "1")


def test_a_shape_is_in_camel_case_and_leaves_out_what_is_absent() -> None:
    shape = shape_of(Thing)
    assert shape(Thing("a", "/b", {"c": None})) == {"id": "a", "repoPath": "/b", "toolArgs": {"c": None}}
    assert shape(Thing("a", None, None)) == {"id": "a"}


def test_a_list_says_when_there_is_more() -> None:
    rows = [Thing("a", None, None)]
    assert listing("things", Listed(rows), shape_of(Thing)).body == b'{"things":[{"id":"a"}]}'
    more = listing("things", Listed(rows, "next"), shape_of(Thing))
    assert more.body == b'{"things":[{"id":"a"}],"nextCursor":"next"}'
