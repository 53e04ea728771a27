import pytest

from crdt.encoding import write_string
from crdt.errors import InvalidUpdate
from crdt.values import MAX_DEPTH, skip_any, skip_json


def test_an_any_value_ends_where_the_next_begins() -> None:
    assert skip_any(b"\x77\x01a\x7e", 0) == 3
    assert skip_any(b"\x74\x02ab\x7e", 0) == 4
    assert skip_any(b"\x7d\x80\x01\x7e", 0) == 3
    assert skip_any(b"\x76\x01\x01k\x7e\x7e", 0) == 5


@pytest.mark.parametrize("text", ["null", "{}", '"a"', "-1.5e3", '{"a":[1,{"b":"[[[["}]}', '"\\"[' + "[" * 100 + '"'])
def test_json_ends_where_the_next_begins(text: str) -> None:
    data = b"." + write_string(text) + b"."
    assert skip_json(data, 1) == len(data) - 1


def test_json_may_have_many_brackets_side_by_side() -> None:
    text = "[" + "[]," * MAX_DEPTH + "[]]"
    assert skip_json(write_string(text), 0) == len(write_string(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("undefined", "not JSON"),
        ("NaN", "not JSON"),
        ("1 2", "not JSON"),
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH + "]", "not JSON"),
        ("[" * 100_000, "nested deeper"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested deeper"),
    ],
)
def test_what_is_no_json_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidUpdate, match=reason):
        skip_json(write_string(text), 0)
