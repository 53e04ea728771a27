import pytest

from crdt.encoding import write_string
from crdt.repeats import contradicts, trim
from crdt.updates import EMPTY, scan
from tests.crdt.typist import Typist


def update(*structs: bytes, client: int = 1, clock: int = 0) -> bytes:
    return b"\x01" + bytes((len(structs), client, clock)) + b"".join(structs) + b"\x00"


TEXT = b"\x04\x01\x01t" + write_string("ab😀c")
COLLECTED, DELETED = b"\x00\x05", b"\x01\x01\x01t\x05"
VALUES = b"\x08\x01\x01t\x05\x78\x79\x7e\x78\x79"
BESIDE = b"\xc4\x02\x00\x03\x04" + write_string("abcde")


@pytest.mark.parametrize(
    ("struct", "rest"),
    [
        (TEXT, b"\x84\x01\x01" + write_string("😀c")),
        (COLLECTED, b"\x00\x03"),
        (DELETED, b"\x81\x01\x01\x03"),
        (VALUES, b"\x88\x01\x01\x03\x7e\x78\x79"),
        (BESIDE, b"\xc4\x01\x01\x03\x04" + write_string("cde")),
    ],
)
def test_a_struct_that_is_known_in_part_is_cut(struct: bytes, rest: bytes) -> None:
    whole = update(struct, b"\x84\x01\x04\x01x")
    assert trim(whole, {1: 2}) == update(rest, b"\x84\x01\x04\x01x", clock=2)
    assert trim(whole, {1: 5}) == update(b"\x84\x01\x04\x01x", clock=5)
    assert trim(whole, {1: 6}) == EMPTY
    assert trim(whole, {}) == whole


def test_a_hole_is_no_content() -> None:
    assert trim(update(b"\x0a\x02", b"\x00\x01"), {1: 1}) == update(b"\x00\x01", clock=2)


def test_what_is_left_of_a_real_client_says_the_same() -> None:
    ann = Typist(1)
    first = ann.type("one")
    ann.type(" two")
    bob = Typist(2, first)
    rest = trim(ann.state(), {1: 3})
    assert scan(rest, {1: 3}).complete
    bob.hear(rest)
    assert str(bob) == "one two"


@pytest.mark.parametrize(
    ("one", "other", "contradiction"),
    [
        (update(TEXT), update(TEXT), False),
        (update(TEXT), update(b"\x84\x01\x01" + write_string("😀c"), clock=2), False),
        (update(TEXT), update(b"\x84\x01\x01" + write_string("😀d"), clock=2), True),
        (update(TEXT), update(TEXT, client=2), False),
        (update(TEXT), update(TEXT, clock=9), False),
        (update(TEXT), update(COLLECTED), False),
        (update(TEXT), update(b"\x00\x01", b"\x00\x09"), False),
        (update(DELETED), update(VALUES), False),
        (update(TEXT), update(VALUES), True),
        (update(b"\x07\x01\x01t\x00"), update(b"\x07\x01\x01t\x01"), True),
        (update(b"\x07\x01\x01t\x01"), update(b"\x07\x01\x01u\x01"), False),
        (update(b"\x09\x01\x01t\x01a\x7e"), update(b"\x09\x01\x01t\x01a\x78"), False),
    ],
)
def test_an_id_is_not_two_things(one: bytes, other: bytes, contradiction: bool) -> None:
    assert contradicts(one, other) is contradiction
    assert contradicts(other, one) is contradiction
