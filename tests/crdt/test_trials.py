import pytest

from crdt.document import Document
from crdt.errors import InvalidUpdate, TooMuchWaiting
from crdt.messages import AwarenessUpdate, QueryAwareness, SyncStep1, Update
from crdt.room import Room
from crdt.session import Session
from crdt.trials import MAX_HELD, Trial
from tests.crdt.test_guard import subdocument
from tests.crdt.test_presence import ANN, awareness
from tests.crdt.test_room import Table
from tests.crdt.typist import Typist

UNUSUAL = subdocument(5)


@pytest.fixture
def table() -> Table:
    return Table()


def begin(table: Table) -> tuple[Session, Trial]:
    session = table.seat()
    table.say(session, Update(UNUSUAL))
    (trial,) = table.room.trials.take()
    return session, trial


def test_what_is_tried_is_neither_applied_nor_acknowledged_before(table: Table) -> None:
    ann, bob = table.seat(), table.seat()
    table.room.receive(ann, Update(UNUSUAL).encode() + Update(Typist(1).type("a")).encode(), 0)
    table.say(ann, Update(Typist(2).type("b")))
    assert table.room.trials.due
    assert table.room.document.state_vector() == b"\x00"
    assert table.room.take_batch() is None
    mine = Update(Typist(3).type("c"))
    table.say(bob, mine)
    assert table.read(ann) == [mine]
    (trial,) = table.room.trials.take()
    assert table.room.trials.take() == []
    table.room.tried(trial, None, 0)
    table.turn()
    assert sorted(table.room.document.text()) == ["a", "b", "c"]
    assert not table.room.trials
    assert len(table.read(bob)) == 1
    table.store()
    assert len(table.read(ann)) == 1


def test_what_fails_is_refused_with_all_that_follows(table: Table) -> None:
    ann, trial = begin(table)
    table.say(ann, Update(Typist(1).type("a")))
    table.room.tried(trial, InvalidUpdate("no"), 0)
    assert ann.error is not None
    assert ann.error.code == 1007
    assert table.room.document.text() == ""
    table.room.tried(trial, None, 0)
    assert table.room.document.state_vector() == b"\x00"


def test_a_second_trial_holds_back_what_is_behind_it(table: Table) -> None:
    ann, trial = begin(table)
    table.say(ann, Update(subdocument(6)), Update(Typist(1).type("a")))
    table.room.tried(trial, None, 0)
    assert table.room.document.text() == ""
    (second,) = table.room.trials.take()
    table.room.tried(second, None, 0)
    assert table.room.document.text() == "a"


def test_of_a_client_that_has_gone_only_edits_are_taken(table: Table) -> None:
    ann, trial = begin(table)
    presence = AwarenessUpdate(awareness((1, 1, ANN)))
    table.say(ann, presence, QueryAwareness(), SyncStep1(b"\x00"), Update(Typist(1).type("a")))
    table.room.leave(ann, 0)
    table.room.tried(trial, None, 0)
    assert table.room.document.text() == "a"
    assert not len(table.room.presence)
    table.turn()
    table.store()


def test_what_is_held_back_is_bounded(table: Table) -> None:
    ann, trial = begin(table)
    table.say(ann, Update(b"\x00" * MAX_HELD))
    assert isinstance(ann.error, TooMuchWaiting)
    assert not table.room.trials
    table.room.tried(trial, None, 0)
    assert table.room.document.state_vector() == b"\x00"


def test_a_client_that_was_closed_meanwhile_is_left_alone(table: Table) -> None:
    ann, trial = begin(table)
    ann.refuse(InvalidUpdate())
    table.room.tried(trial, None, 0)
    assert table.room.document.state_vector() == b"\x00"


def test_who_may_not_write_any_more_is_told_so(table: Table) -> None:
    ann, trial = begin(table)
    ann.read_only = ann.forgiven = True
    table.room.tried(trial, None, 0)
    assert table.room.document.state_vector() == b"\x00"


def test_a_broken_frame_behind_it_closes_the_client(table: Table) -> None:
    ann, trial = begin(table)
    table.room.receive(ann, b"\x09", 0)
    table.room.tried(trial, None, 0)
    assert ann.error is not None


def test_a_room_that_is_let_go_of_forgets_its_trials() -> None:
    table = Table(Room(Document()))
    _, trial = begin(table)
    table.room.discard()
    table.room.tried(trial, None, 0)
    assert table.room.document.state_vector() == b"\x00"
