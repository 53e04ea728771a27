from collections.abc import Sequence

import pytest

from crdt.document import Document
from crdt.messages import SyncStep1, SyncStep2, Update
from crdt.session import HocuspocusSession, Session
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


def seats(first: Typist, second: Typist) -> tuple[Table, Session, Session]:
    """Ann and Ben, who have written something that is stored."""
    table = Table()
    seated = [table.seat(), table.seat()]
    table.say(seated[0], SyncStep2(b"\x00\x00"))
    table.say(seated[1], SyncStep2(b"\x00\x00"), Update(first.type("hello")))
    second.hear(first.state())
    table.store()
    for session in seated:
        table.read(session)
    return table, seated[0], seated[1]


@pytest.mark.parametrize("on_its_way", [False, True])
def test_a_deletion_that_is_not_committed_does_not_come_back_from_who_comes_back(on_its_way: bool) -> None:
    """A step 2 tells of every deletion in the document, and what is new in it goes to everybody."""
    ann, ben = Typist(1), Typist(2)
    table, ann_session, _ = seats(ann, ben)
    deletion = ann.delete(0, 5)
    table.say(ann_session, Update(deletion))
    batch = table.room.take_batch() if on_its_way else None
    ben.hear(deletion)
    ben.type("typed while away")
    back = table.seat(ben.doc.get_state())
    table.say(back, SyncStep2(ben.state()))
    assert table.read(ann_session) == []
    if batch is not None:
        table.room.stored(batch)
        table.turn()
        assert table.read(ann_session) == [Update(deletion)]
    table.store()
    assert str(replica(table.read(ann_session), ann.state())) == "typed while away"


def test_a_deletion_that_is_committed_hides_nothing() -> None:
    ann, ben = Typist(1), Typist(2)
    table, ann_session, _ = seats(ann, ben)
    deletion = ann.delete(0, 5)
    table.say(ann_session, Update(deletion))
    table.store()
    ben.hear(deletion)
    ben.type("typed while away")
    table.read(ann_session)
    back = table.seat(ben.doc.get_state())
    table.say(back, SyncStep2(ben.state()))
    assert str(replica(table.read(ann_session), ann.state())) == "typed while away"


def test_a_lost_deletion_does_not_come_back_from_others_before_its_author_has_answered() -> None:
    """After a crash: Ann has nothing that the server lacks but a deletion, which no state vector tells of."""
    ann, ben = Typist(1), Typist(2)
    table, _, ben_session = seats(ann, ben)
    deletion = ann.delete(0, 5)
    ben.hear(deletion)
    back = table.seat(ann.doc.get_state())
    table.say(ben_session, SyncStep2(ben.state()))
    assert table.read(back) == []
    table.say(back, SyncStep2(ann.state()))
    assert table.read(back) == []
    table.store()
    assert table.read(back) != []


def replica(messages: Sequence[object], state: bytes) -> Typist:
    """What a client has that was sent these updates."""
    client = Typist(9, state)
    for message in messages:
        assert isinstance(message, Update)
        client.hear(message.update)
    return client
