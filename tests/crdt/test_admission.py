"""What may stand under a key, in a map or as an attribute: nothing on which the native core breaks later."""

from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from crdt.document import Document
from crdt.encoding import write_string
from crdt.errors import InvalidUpdate
from crdt.idranges import IdRanges
from crdt.merge import merge
from crdt.messages import Update
from crdt.room import Room
from crdt.seal import seal
from crdt.session import Session
from tests.crdt.typist import Typist
from tests.faults.adversary import Adversary
from tests.faults.victim import attack

MAP = b"\x01\x01\x03\x00\x27\x01\x01m\x01k\x01\x00"
"""A map under a key of a map: the id is (3, 0)."""
IN_IT = b"\x00\x03\x00" + write_string("b")
ONE, TWO = b"\x01\x7d\x01", b"\x02\x7d\x01\x7d\x02"
REFUSAL = "puts text, or several values at once, under a key"


def by(client: int, *structs: bytes, clock: int = 0) -> bytes:
    return bytes((len(structs), client, clock)) + b"".join(structs)


def update(*sections: bytes, deletes: bytes = b"\x00") -> bytes:
    return bytes((len(sections),)) + b"".join(sections) + deletes


def deleted(client: int, clock: int, length: int) -> bytes:
    return bytes((1, client, 1, clock, length))


def holding(*updates: bytes) -> Document:
    document = Document()
    for each in (MAP, *updates):
        document.examine(each)
        document.apply(each)
    return document


KEPT = update(by(2, b"\x28" + IN_IT + ONE))
"""A value under a key: the id is (2, 0)."""


@pytest.mark.parametrize(
    "coming",
    [
        update(by(2, b"\x28" + IN_IT + TWO)),
        update(by(2, b"\x24" + IN_IT + write_string("ab"))),
        update(by(2, b"\x24" + IN_IT + write_string("a"))),
        update(by(2, b"\x24\x01\x01m" + write_string("key") + write_string("ab"))),
        update(by(2, b"\x28" + IN_IT + ONE, b"\x88\x02\x00" + TWO)),
        update(by(2, b"\x28" + IN_IT + ONE, b"\x48\x02\x00" + TWO)),
        update(by(2, b"\x28" + IN_IT + TWO), deletes=deleted(2, 0, 1)),
    ],
)
def test_more_than_a_value_under_a_key_is_refused(coming: bytes) -> None:
    with pytest.raises(InvalidUpdate, match=REFUSAL):
        holding().examine(coming)


@pytest.mark.parametrize("left", [b"\x84\x02\x00", b"\x44\x02\x00", b"\xc4\x03\x00\x02\x00"])
@pytest.mark.parametrize("text", ["a", "ab", "a😀"])
def test_what_leans_on_something_under_a_key_is_under_it_too(left: bytes, text: str) -> None:
    coming = update(by(4, left + write_string(text)))
    document = holding(KEPT)
    assert document.type(coming) is None
    with pytest.raises(InvalidUpdate, match=REFUSAL):
        document.examine(coming)
    again = Document(document.encode())
    asleep = Document(document.encode(), [], seal(document.encode(), document.known()))
    assert asleep.asleep
    for other in (again, asleep):
        with pytest.raises(InvalidUpdate, match=REFUSAL):
            other.examine(coming)


def test_what_comes_before_what_it_leans_on_waits_for_good() -> None:
    document = holding()
    early = update(by(4, b"\x88\x02\x00" + TWO))
    for coming in (early, KEPT):
        assert document.examine(coming).unusual is None
        document.apply(coming)
    assert document.clocks == {3: 1, 2: 1}
    assert document.waiting == early


def test_what_was_replaced_and_is_deleted_may_be_one_item() -> None:
    kept_by_an_editor_that_collects_nothing = update(by(2, b"\x28" + IN_IT + TWO), deletes=deleted(2, 0, 2))
    document = holding(kept_by_an_editor_that_collects_nothing)
    document.examine(update(by(4, b"\x88\x02\x00" + ONE)))
    holding(update(by(2, b"\x21" + IN_IT + b"\x7f"))).examine(update(by(4, b"\x88\x02\x05" + ONE)))


def test_what_editors_put_under_keys_is_taken() -> None:
    doc: Doc[Any] = Doc(client_id=7)
    sent: list[bytes] = []
    doc.observe(lambda event: sent.append(event.update))
    doc["map"] = mapping = Map[Any]()
    doc["xml"] = xml = XmlFragment()
    for value in ("text", "other text", [1, 2], None, Map({"a": "b", "c": Text("d")}), Array(["a", "b"]), Text("abc")):
        mapping["key"] = value
    xml.children.append(element := XmlElement("p", {"class": "x"}, [words := XmlText("hi")]))
    element.attributes["class"] = "a longer one"
    words.insert(1, "several letters")
    del mapping["key"]
    mapping["key"] = "again"
    document = Document()
    for each in sent:
        assert document.examine(each).unusual is None
        document.apply(each)
    assert document.state_vector() == doc.get_state()
    assert Document().examine(merge(sent)).unusual is None  # as of somebody who was offline
    late = Document()
    for each in reversed(sent):
        late.examine(each)
        late.apply(each)
    assert late.waiting is None
    under_keys = document.known().under_keys
    assert Document(None, sent).known().under_keys == under_keys
    left = Document(document.encode()).known().under_keys  # without what was collected
    assert left
    assert all(IdRanges(under_keys).covers((client, clock), length) for client, clock, length in left)


def test_text_in_a_type_that_is_under_a_key_is_typed_as_any_other() -> None:
    doc: Doc[Any] = Doc(client_id=7)
    doc["map"] = mapping = Map[Any]()
    mapping["text"] = text = Text("some")
    document = Document(doc.get_update())
    before = doc.get_state()
    text.insert(4, " more")
    typed = doc.get_update(before)
    assert document.examine(typed).unusual is None
    assert document.type(typed) is not None


def test_the_sender_is_told_and_nobody_else_notices() -> None:
    room = Room(holding(KEPT))
    mallory, ann = Session(), Session()
    room.join(mallory)
    room.join(ann)
    room.receive(mallory, Update(update(by(4, b"\x84\x02\x00" + write_string("ab")))).encode(), 0)
    assert mallory.error is not None
    assert REFUSAL in mallory.error.reason
    room.receive(ann, Update(Typist(9).type("a")).encode(), 0)
    assert ann.error is None


def test_the_memory_of_a_map_that_is_gone_is_not_used() -> None:
    """Found by ``tests.faults.fuzzing``: it broke most of the time, and now and then ended the process."""
    for _ in range(50):
        attack(Adversary(462_233_503_920).case())
