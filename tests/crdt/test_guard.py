import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from crdt import guard as guard_module
from crdt.document import Document
from crdt.encoding import write_string, write_uint
from crdt.errors import InvalidUpdate, TooMuchMissing, TryAgainLater
from crdt.guard import MAX_WAITING, MAX_WAITING_TYPES, ORDINARY_STRUCTS
from crdt.merge import merge
from tests.crdt.typist import Typist

TRACE = Path(__file__).parents[1] / "interop/fixtures/friendsforever-1500.json.gz"


def subdocument(client: int) -> bytes:
    """A document in a map."""
    return b"\x01\x01" + write_uint(client) + b"\x00\x29\x01\x01m\x01k" + write_string("guid") + b"\x76\x00\x00"


def text_in(parent: tuple[int, int], client: int = 9) -> bytes:
    """A letter in what has an id."""
    return b"\x01\x01" + write_uint(client) + b"\x00\x04\x00" + bytes(parent) + b"\x01x\x00"


def test_a_recorded_session_is_all_ordinary() -> None:
    trace: dict[str, Any] = json.loads(gzip.decompress(TRACE.read_bytes()))
    document = Document()
    typists: dict[int, Typist] = {}
    edits = 0
    for number, transaction in enumerate(trace["txns"]):
        who = transaction.get("agent", number % 2)
        typist = typists.setdefault(who, Typist(who + 1, document.encode()))
        typist.hear(document.difference(typist.doc.get_state()))
        for at, removed, inserted in transaction["patches"]:
            length = len(typist.text)
            for update in (
                [typist.delete(min(at, length), min(at + removed, length))] if removed and at < length else []
            ) + ([typist.insert(min(at, len(typist.text)), inserted)] if inserted.isascii() and inserted else []):
                assert document.examine(update).unusual is None
                document.apply(update)
                edits += 1
    assert edits > 1_000


def test_what_editors_make_of_every_type_is_ordinary() -> None:
    doc: Doc[Any] = Doc(client_id=7)
    sent: list[bytes] = []
    doc.observe(lambda event: sent.append(event.update))
    doc["map"] = mapping = Map[Any]()
    doc["content"] = text = Text()
    doc["xml"] = xml = XmlFragment()
    mapping["list"] = Array([1, Map({"a": "b"})])
    text.insert(0, "some text", {"bold": True})
    text.format(2, 4, {"em": None, "link": {"href": "x"}})
    text.insert_embed(3, {"image": "x"})
    xml.children.append(XmlElement("p", {"class": "x"}, [XmlText("hi")]))
    document = Document()
    for update in sent:
        assert document.examine(update).unusual is None
        document.apply(update)
    assert document.state_vector() == doc.get_state()


def test_a_document_in_the_document_is_unusual() -> None:
    assert Document().examine(subdocument(1)).unusual == "a document in the document"


def test_very_many_structs_are_unusual() -> None:
    many = ORDINARY_STRUCTS + 1
    update = b"\x01" + write_uint(many) + b"\x01\x00" + b"\x00\x01" * many + b"\x00"
    assert Document().examine(update).unusual == "many structs"


def test_very_many_types_are_unusual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "ORDINARY_TYPES", 2)
    document = Document(None, [b"\x01\x02\x01\x00\x07\x01\x01t\x00\x87\x01\x00\x00\x00"])
    another = b"\x01\x01\x02\x00\x07\x01\x01t\x00\x00"
    assert document.examine(another).unusual == "many shared types"
    assert document.examine(text_in((1, 0))).unusual is None


def test_a_place_in_something_that_is_no_type_is_refused() -> None:
    document = Document(None, [Typist(1).type("ab")])
    with pytest.raises(InvalidUpdate, match="no shared type"):
        document.examine(text_in((1, 1)))
    assert document.text() == "ab"


def test_a_place_in_a_type_that_was_deleted_and_collected_is_not() -> None:
    array = b"\x01\x01\x01\x00\x07\x01\x01t\x00\x00"
    document = Document(None, [array, b"\x00\x01\x01\x01\x00\x01"])
    again = Document(document.encode())
    assert again.examine(text_in((1, 0))).unusual is None
    again.apply(text_in((1, 0)))
    assert not again.damaged


def test_what_is_misplaced_once_its_place_is_known_waits_for_good() -> None:
    document = Document()
    assert document.apply(text_in((1, 0))).missing
    typed = Typist(1).type("a")
    document.apply(typed)
    assert document.text() == "a"
    assert document.waiting == text_in((1, 0))
    assert not document.damaged
    again = Document(None, [text_in((1, 0)), typed])
    assert (again.text(), again.waiting) == ("a", document.waiting)


def test_what_is_sent_again_is_left_out_whatever_it_is_now() -> None:
    document = Document(None, [Typist(1).type("ab")])
    other = Typist(1).type("XYZ!")
    assert document.examine(other).seen.ends == {1: 4}
    document.apply(other)
    assert document.text() == "abZ!"
    assert document.examine(other).update == other


def test_what_waits_is_not_given_other_content() -> None:
    ann, document = Typist(1), Document()
    typed = [ann.type(letter) for letter in "abc"]
    document.apply(typed[2])
    with pytest.raises(InvalidUpdate, match="something else"):
        document.examine(typed[2].replace(b"c", b"d"))
    document.apply(document.examine(merge(typed)).update)
    assert document.text() == "abc"


def test_what_waits_is_bounded() -> None:
    ann, document = Typist(1), Document()
    ann.type("a")
    late = ann.type("b" * MAX_WAITING)
    with pytest.raises(TooMuchMissing):
        document.examine(late)
    many = MAX_WAITING_TYPES + 1
    with pytest.raises(TooMuchMissing):
        document.examine(b"\x01" + write_uint(many) + b"\x01\x05" + b"\x07\x01\x01t\x00" * many + b"\x00")


def test_a_damaged_document_takes_nothing() -> None:
    document = Document()
    document._replica.damaged = True
    with pytest.raises(TryAgainLater):
        document.examine(Typist(1).type("a"))


def test_what_is_misplaced_within_one_log_waits_for_good() -> None:
    document = Document(None, [merge([Typist(9).type("a"), text_in((9, 0), client=1)])])
    assert (document.text(), document.waiting) == ("a", text_in((9, 0), client=1))


def test_a_type_and_what_is_in_it_may_come_before_what_they_lean_on() -> None:
    doc: Doc[Any] = Doc(client_id=7)
    sent: list[bytes] = []
    doc.observe(lambda event: sent.append(event.update))
    doc["content"] = text = Text()
    doc["xml"] = xml = XmlFragment()
    text.insert(0, "a")
    xml.children.append(XmlText("hi"))
    document = Document()
    for update in reversed(sent):
        document.apply(document.examine(update).update)
    assert document.waiting is None
    assert document.state_vector() == doc.get_state()
