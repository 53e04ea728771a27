from datetime import UTC, datetime

import pytest

from crdt.document import Document
from crdt.messages import SyncStep1, SyncStep2, Update
from crdt.updates import EMPTY
from server.culprit import ids_of
from server.refusals import Refusals
from stores.notelog import NoteKey
from stores.quarantine import Entry, Kind, digest_of
from tests.crdt.typist import Typist

KEY = NoteKey("w", "a")


def entry(update: bytes, sender: str = "address ::1", kind: Kind = Kind.UPDATE) -> Entry:
    ids = [list(one) for one in ids_of(update)]
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Entry(1, *KEY, kind, digest_of(update), len(update), ids, sender, "", now)


@pytest.fixture
def typist() -> Typist:
    return Typist(7)


@pytest.fixture
def document(typist: Typist) -> Document:
    return Document(None, [typist.type("fine ")])


def refused(
    refusals: Refusals, update: bytes, document: Document, sender: str = "address ::1", key: NoteKey = KEY
) -> bool:
    return refusals.of(key, sender, Update(update).encode(), document) is not None


def test_nothing_is_refused_where_nothing_is_put_away(typist: Typist, document: Document) -> None:
    refusals = Refusals()
    assert not refusals
    refusals.replace([entry(typist.type("x"), kind=Kind.NOTE)])
    assert not refusals


def test_the_same_bytes_are_refused_in_their_note_alone(typist: Typist, document: Document) -> None:
    refusals, deadly = Refusals(), typist.type("deadly")
    refusals.replace([entry(deadly)])
    assert refusals
    assert refused(refusals, deadly, document)
    assert not refused(refusals, deadly, document, key=NoteKey("w", "b"))
    assert not refused(refusals, Typist(8).type("innocent"), document)


def test_the_same_items_in_other_bytes_are_refused(typist: Typist, document: Document) -> None:
    refusals = Refusals()
    refusals.replace([entry(typist.type("deadly"))])
    later = typist.type(" more")
    assert refused(refusals, typist.doc.get_update(document.state_vector()), document)
    assert not refused(refusals, later, document)  # it waits for what is missing, and never comes in
    assert not refused(refusals, b"\x07unreadable", document)


def test_what_the_document_has_is_not_held_against_those_who_have_it_too(typist: Typist, document: Document) -> None:
    refusals, everything = Refusals(), typist.state()
    deadly = Typist(8, everything).insert(5, "deadly")
    refusals.replace([entry(Document(None, [everything, deadly]).encode())])
    assert not refused(refusals, Document(None, [everything]).encode(), document)


def test_a_token_is_refused_all_edits_and_an_address_is_not(typist: Typist, document: Document) -> None:
    refusals = Refusals()
    refusals.replace([entry(typist.type("deadly"), "token t1")])
    innocent = Typist(8).type("innocent")
    assert refused(refusals, innocent, document, "token t1")
    assert not refused(refusals, innocent, document, "token t2")
    assert refusals.of(KEY, "token t1", SyncStep1(b"\x00").encode(), document) is None
    assert refusals.of(KEY, "token t1", SyncStep2(EMPTY).encode(), document) is None
    refusals.replace([entry(Typist(9).type("deadly"), "address ::1")])
    assert not refused(refusals, innocent, document, "address ::1")
