"""The updates here are Yjs' own, written by a JavaScript client that cut a character in two."""

import pytest

from crdt.compaction import compact
from crdt.document import Document
from crdt.surrogates import Pairs, replace
from tests.crdt.typist import Typist

TYPED = bytes.fromhex("01010100040107636f6e74656e740761f09f9880627a00")
"""Client 1 types a😀bz: clocks 0, 1 and 2, 3, 4."""
INSERTED = bytes.fromhex("01010200c401010102017800")
"""Client 2 inserts x between clocks 1 and 2."""
DELETED = bytes.fromhex("000101010201")
"""Clock 2, the second half, is deleted."""


@pytest.mark.parametrize(
    ("cut", "text"),
    [(INSERTED, "a\ufffdx\ufffdbz"), (DELETED, "a\ufffdbz"), (b"\x00\x01\x01\x01\x01\x01", "a\ufffdbz")],
)
def test_each_half_of_a_character_that_is_cut_becomes_a_replacement_character(cut: bytes, text: str) -> None:
    one_by_one, other_order, at_once = Document(), Document(), Document(None, [TYPED, cut])
    for update in (TYPED, cut):
        assert one_by_one.apply(update).ready == update
    for update in (cut, TYPED):
        other_order.apply(update)
    for document in (one_by_one, other_order, at_once):
        assert document.text() == text
        assert Document(document.encode()).text() == text
        assert str(Typist(9, document.difference(b"\x00"))) == text


def test_it_stays_so_through_compaction_and_further_typing() -> None:
    compacted = compact(None, [TYPED, INSERTED])
    assert compacted.text == "a\ufffdx\ufffdbz"
    document = Document(compacted.state, [])
    document.apply(b"\x01\x01\x03\x00\xc4\x02\x00\x01\x02\x01y\x00")
    assert document.text() == "a\ufffdxy\ufffdbz"


def test_only_the_character_that_is_cut_is_replaced() -> None:
    typist = Typist(1)
    typist.type("😀é😀")
    document = Document(None, [typist.state()])
    document.apply(b"\x01\x01\x02\x00\xc4\x01\x03\x01\x04\x01x\x00")
    assert document.text() == "😀é\ufffdx\ufffd"
    document.apply(b"\x01\x01\x03\x00\xc4\x01\x00\x01\x01\x01y\x00")
    assert document.text() == "\ufffdy\ufffdé\ufffdx\ufffd"


def test_a_character_that_is_inserted_beside_is_not_cut() -> None:
    typist = Typist(1)
    typist.type("😀")
    pairs = Pairs()
    assert pairs.broken_by(typist.state()) == set()
    assert pairs.broken_by(b"\x01\x01\x02\x00\x84\x01\x01\x01x\x00") == set()
    assert pairs.broken_by(b"\x01\x01\x02\x01\x44\x01\x00\x01x\x00") == set()
    assert pairs.broken_by(b"\x00\x01\x01\x01\x00\x02") == set()
    assert pairs.broken_by(b"\x01\x01\x02\x02\x44\x01\x01\x01x\x00") == {(1, 0)}


def test_everything_else_in_an_update_is_left_as_it_is() -> None:
    update = Typist(1, TYPED).delete(0, 1)
    assert replace(update, {(1, 1)}) == update
    assert replace(TYPED, {(7, 1)}) == TYPED
