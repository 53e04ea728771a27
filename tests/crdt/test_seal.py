from typing import Any

import pytest
from pycrdt import Doc, Map

from crdt import seal as seal_module
from crdt.compaction import compact
from crdt.document import Document
from crdt.errors import InvalidUpdate, TryAgainLater
from crdt.idranges import IdRange
from crdt.seal import Known, seal, unseal
from crdt.statevector import EMPTY
from crdt.text import Edit
from tests.crdt.typist import Typist

STATE = Typist(1).type("hello")
KNOWN = Known({1: 5, 1 << 40: 7}, {(1, 3), (2, 300)}, (IdRange(1, 3, 1), IdRange(9, 300, 200)))


def asleep(*texts: str) -> tuple[Typist, Document]:
    """Give a document that was compacted and is loaded again, and who typed it."""
    typist = Typist(1)
    compacted = compact(None, [typist.type(text) for text in texts])
    return typist, Document(compacted.state, [], compacted.sealed)


def test_what_is_sealed_is_known_again() -> None:
    assert unseal(seal(STATE, KNOWN), STATE) == KNOWN
    assert unseal(seal(STATE, Known({}, set())), STATE) == Known({}, set())


def test_a_seal_holds_for_the_bytes_that_it_was_made_for() -> None:
    sealed = seal(STATE, KNOWN)
    assert unseal(sealed, STATE + b"\0") is None
    assert unseal(None, STATE) is None
    for place in range(len(sealed)):
        changed = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        assert unseal(changed, STATE) is None
        assert unseal(sealed[:place], STATE) is None


def test_what_another_native_core_was_given_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal(STATE, KNOWN)
    monkeypatch.setattr(seal_module, "_core", lambda: b"pycrdt 99")
    assert unseal(sealed, STATE) is None


@pytest.mark.parametrize("body", [b"", b"\xff" * 12, seal(STATE, KNOWN)[16:-1]])
def test_a_seal_that_says_nothing_is_none(body: bytes) -> None:
    assert unseal(seal_module._digest(body, STATE) + body, STATE) is None


def test_a_sealed_document_is_sent_as_it_is_kept() -> None:
    typist, document = asleep("one ", "two")
    assert document.difference(EMPTY) == document.encode() == typist.state()
    assert document.state_vector() == typist.doc.get_state()
    assert document.size == len(typist.state())
    assert document.asleep
    assert document.text() == "one two"
    assert not document.asleep


def test_a_sealed_document_wakes_when_something_is_typed() -> None:
    typist, document = asleep("one ")
    assert document.type(typist.type("two")) is not None
    assert document.asleep
    assert Document(document.difference(EMPTY)).text() == "one two"
    assert not document.asleep


def test_a_sealed_document_wakes_when_it_is_asked_for_less_than_all() -> None:
    typist, document = asleep("one ", "two")
    assert Document(Typist(1).type("one "), [document.difference(b"\x01\x01\x04")]).text() == "one two"
    assert document.apply(typist.type("!")).ready
    document.edit([Edit(0, 0, "zero ")])
    assert document.text() == "zero one two!"


def test_a_seal_knows_the_shared_types() -> None:
    doc: Doc[Map[Any]] = Doc(client_id=7)
    outer = doc.get("self", type=Map)
    inner = outer["a"] = Map({"b": "x"})
    compacted = compact(None, [doc.get_update()])
    before = doc.get_state()
    inner["c"] = "y"
    document = Document(compacted.state, [], compacted.sealed)
    assert document.known().types == Document(compacted.state).known().types == {(7, 0)}
    assert document.examine(doc.get_update(before)).unusual is None
    elsewhere = Typist(7).type("hello")
    with pytest.raises(InvalidUpdate, match="no shared type"):
        Document(elsewhere).examine(doc.get_update(b"\x01\x07\x01"))


def test_a_document_on_which_the_native_core_breaks_after_all_is_damaged() -> None:
    state = b"\x07garbage"
    document = Document(state, [], seal(state, Known({}, set())))
    with pytest.raises(TryAgainLater):
        document.wake()
    assert document.damaged
