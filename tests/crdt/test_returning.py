from crdt.document import Document
from crdt.messages import SyncStep1, SyncStep2, Update
from crdt.session import HocuspocusSession
from tests.crdt.test_room import STORED_STATUS, Table
from tests.crdt.typist import Typist


def test_what_a_client_has_does_not_come_back_from_others_before_the_commit() -> None:
    ann, ben = Typist(1), Typist(2)
    lost = ann.type("a")
    ben.hear(lost)
    table = Table()
    ben_session = table.seat(ben.doc.get_state())
    ann_session = table.seat(ann.doc.get_state())
    table.say(ben_session, SyncStep2(ben.doc.get_update(b"\x00")))
    assert table.read(ann_session) == []
    table.store()
    assert table.read(ann_session) == [Update(lost)]
    table.say(ann_session, SyncStep2(lost))
    assert table.read(ann_session) == []
    table.store()
    assert table.read(ann_session) == [Update(lost)]


def test_nor_when_all_of_it_comes_in_one_turn() -> None:
    ann, ben = Typist(1), Typist(2)
    lost = ann.type("a")
    ben.hear(lost)
    table = Table()
    ben_session = table.seat(ben.doc.get_state())
    ann_session = table.seat(None)
    table.room.receive(ben_session, SyncStep2(ben.doc.get_update(b"\x00")).encode(), 0)
    table.say(ann_session, SyncStep1(ann.doc.get_state()), SyncStep2(lost))
    assert [message for message in table.read(ann_session) if isinstance(message, Update)] == []
    table.say(ben_session, Update(ben.type("b")))
    assert [type(message) for message in table.read(ann_session)] == [Update]


def test_a_client_that_is_asked_and_leaves_is_forgotten() -> None:
    ann, ben = Typist(1), Typist(2)
    table = Table()
    ben_session = table.seat(ben.doc.get_state())
    lost = ann.type("a")
    ben.hear(lost)
    ann_session = table.seat(ann.doc.get_state())
    table.room.leave(ann_session, 0)
    table.say(ben_session, SyncStep2(ben.doc.get_update(b"\x00")))
    table.store()
    assert table.read(ann_session) == []


def test_a_client_that_counts_its_changes_gets_it_at_once() -> None:
    ann, ben = Typist(1), Typist(2)
    lost = ann.type("a")
    ben.hear(lost)
    table = Table()
    ben_session = table.seat(ben.doc.get_state())
    ann_session = table.seat(ann.doc.get_state(), HocuspocusSession)
    table.say(ben_session, SyncStep2(lost))
    assert table.read(ann_session) == [Update(lost)]
    table.say(ann_session, SyncStep2(lost))
    table.store()
    assert table.read(ann_session) == [STORED_STATUS]
    assert Document(None, [lost]).text() == "a"
