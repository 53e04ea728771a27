import pytest

from crdt import updates
from crdt.errors import InvalidUpdate
from crdt.updates import PLAIN, scan
from tests.crdt.typist import Typist


def test_a_keystroke_after_a_known_one_is_complete_and_new() -> None:
    ann = Typist(1)
    ann.type("a")
    seen = scan(ann.type("b"), {1: 1})
    assert seen == ({1: 2}, True, True, False, False, PLAIN)


def test_a_keystroke_after_an_unknown_one_is_not_complete() -> None:
    ann = Typist(1)
    ann.type("a")
    assert not scan(ann.type("b"), {}).complete


def test_what_is_known_is_not_new() -> None:
    assert not scan(Typist(1).type("abc"), {1: 3}).new
    assert scan(Typist(1).type("abc"), {1: 2}).new


def test_an_item_beside_an_unknown_one_is_not_complete() -> None:
    ann = Typist(1)
    ann.type("ab")
    bob = Typist(2, ann.state())
    update = bob.insert(1, "x")
    assert not scan(update, {}).complete
    assert not scan(update, {1: 1}).complete
    assert scan(update, {1: 2}).complete


def test_a_deletion_of_something_unknown_is_not_complete() -> None:
    ann = Typist(1)
    ann.type("abcd")
    deletion = ann.delete(1, 3)
    seen = scan(deletion, {1: 2})
    assert seen.deletes
    assert not seen.complete
    assert scan(deletion, {1: 3}).complete


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (b"", "cut short"),
        (b"\x01", "cut short"),
        (b"\x00", "cut short"),
        (b"\x00\x00\x00", "behind its end"),
        (b"\x01\x01\x01\x00\x04\x01\x01a\x05ab\x00", "bytes are announced"),
        (b"\x00\x01\x01\x01\x00\x00", "delete range"),
        (b"\x02\x01\x01\x00\x00\x01\x01\x01\x01\x00\x01\x00", "two sections"),
        (b"\x01\x01\x01\x00\x04\x01\x01a\x01\xff\x00", "not UTF-8"),
    ],
)
def test_what_is_not_an_update_is_refused(update: bytes, reason: str) -> None:
    with pytest.raises(InvalidUpdate, match=reason):
        scan(update, {})


@pytest.mark.parametrize("client", [3, 300, 70_000, (1 << 32) - 1])
@pytest.mark.parametrize("typed", [1, 2, 200, 20_000])
def test_a_keystroke_is_read_as_any_update_is(client: int, typed: int) -> None:
    ann = Typist(client)
    ann.type("x" * typed)
    known = {client: typed}
    other = Typist(5, ann.state())
    for update in (ann.insert(typed // 2, "a"), other.insert(typed // 2, "b")):
        seen = scan(update, known)
        slow = updates._scan(update, known)
        assert seen[:5] == slow[:5]
        assert not seen.shape.parents
        assert not seen.shape.types


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (b"\x01\x00\x01\x00\x00", "no structs"),
        (b"\x01\xa1\xc2\x1e\x01\x00", "more than 500000 structs"),
        (b"\x00\x01\x01\x91\xa1\x0f", "more than 250000 ranges"),
        (b"\x01\x01\x01\xfe\xff\xff\xff\x07\x00\x02\x00", "larger than"),
        (b"\x00\x01\x01\x01\xfe\xff\xff\xff\x07\x02", "larger than"),
        (b"\x01\x01\x01\x00\x84\x01\x00\x01a\x00", "leans on itself"),
        (b"\x01\x01\x01\x00\xc4\x02\x00\x01\x05\x01a\x00", "leans on itself"),
        (b"\x01\x01\x01\x00\x84\x02\x00\x02a\x00", "cut short"),
    ],
)
def test_what_no_editor_sends_is_refused(update: bytes, reason: str) -> None:
    with pytest.raises(InvalidUpdate, match=reason):
        scan(update, {}, bounded=True)
