from typing import Any

import pytest

from crdt.contribution import Batch
from crdt.document import Document
from crdt.encoding import write_string
from crdt.envelope import REFUSED, STORED
from crdt.errors import InvalidUpdate, MalformedMessage, NoteFull, OldGeneration, ReadOnly
from crdt.generation import Generation
from crdt.messages import (
    AwarenessUpdate,
    Message,
    PermissionDenied,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    Update,
    decode,
)
from crdt.presence import EXPIRES
from crdt.room import Room
from crdt.session import HocuspocusSession, Session
from crdt.text import rewrite
from crdt.unstored import OVERHEAD
from crdt.updates import EMPTY
from tests.crdt.test_presence import ANN, awareness, read
from tests.crdt.typist import Typist

STORED_STATUS = object()
"""What a table writes down for the status that one change is stored."""
REFUSED_STATUS = object()
"""What a table writes down for the status that one change was not taken."""
_STATUSES = {STORED: STORED_STATUS, REFUSED: REFUSED_STATUS}


class Table:
    """A room with clients around it, and what each of them was sent."""

    def __init__(self, room: Room | None = None) -> None:
        self.room = room or Room(Document())
        self.inbox: dict[Session, list[Any]] = {}

    def seat(self, state_vector: bytes | None = b"\x00", kind: type[Session] = Session) -> Session:
        """Let a client join and sync; its first messages are thrown away."""
        session = kind()
        self.room.join(session)
        self.inbox[session] = []
        if state_vector is not None:
            self.room.receive(session, SyncStep1(state_vector).encode(), 0)
        self.turn()
        self.read(session)
        return session

    def say(self, session: Session, *messages: Message, now: float = 0) -> None:
        """One client sends messages, a frame each, and the turn ends."""
        for message in messages:
            self.room.receive(session, message.encode(), now)
        self.turn()

    def turn(self) -> None:
        """End the turn and hand out the frames."""
        self.room.end_turn()
        for frame, receivers in self.room.frames():
            for session in receivers:
                self.inbox[session] += [_STATUSES[frame]] if frame in _STATUSES else decode(frame)

    def store(self) -> bytes:
        """Commit what waits; what was stored."""
        batch = self.room.take_batch()
        assert batch is not None
        self.room.stored(batch)
        self.turn()
        return batch.update

    def read(self, session: Session) -> list[Any]:
        """What a client was sent since it last looked."""
        messages, self.inbox[session] = self.inbox[session], []
        return messages


@pytest.fixture
def table() -> Table:
    return Table()


def test_a_client_is_asked_what_it_has_when_it_joins(table: Table) -> None:
    session = Session()
    table.inbox[session] = []
    table.room.join(session)
    table.turn()
    assert table.read(session) == [SyncStep1(b"\x00")]
    assert table.room.sessions == (session,)


def test_a_client_that_asks_gets_the_difference() -> None:
    ann = Typist(1)
    table = Table(Room(Document(None, [ann.type("hello")])))
    session = table.seat(None)
    table.say(session, SyncStep1(b"\x00"))
    table.say(session, SyncStep1(ann.doc.get_state()))
    assert table.read(session) == [SyncStep2(ann.state()), SyncStep2(EMPTY)]


def test_an_edit_goes_to_everybody_else_at_once_and_back_to_its_sender_when_stored(table: Table) -> None:
    ann, bob = table.seat(), table.seat()
    update = Typist(1).type("hello")
    table.say(ann, Update(update))
    assert table.read(bob) == [Update(update)]
    assert table.read(ann) == []
    assert table.room.unstored
    assert table.room.unstored.bytes == len(update) + OVERHEAD
    assert table.store() == update
    assert table.read(ann) == [Update(update)]
    assert table.read(bob) == []
    assert table.room.take_batch() is None
    assert table.room.unstored.bytes == 0


def test_what_came_in_one_turn_is_one_frame(table: Table) -> None:
    ann, bob = table.seat(), table.seat()
    typist = Typist(1)
    table.say(ann, *(Update(typist.type(letter)) for letter in "hello"))
    (message,) = table.read(bob)
    assert isinstance(message, Update)
    assert str(Typist(2, message.update)) == "hello"
    table.store()
    assert table.read(ann) == [message]


def test_each_sender_of_a_turn_gets_what_the_others_sent(table: Table) -> None:
    seats = [table.seat() for _ in range(4)]
    typists = [Typist(client) for client in (1, 2, 3)]
    for seat, typist in zip(seats, typists, strict=False):
        table.room.receive(seat, Update(typist.type(f"<{typist.doc.client_id}>")).encode(), 0)
    table.turn()
    texts = []
    for seat in seats:
        (message,) = table.read(seat)
        assert isinstance(message, Update)
        texts.append(str(Typist(9, message.update)))
    whole = table.room.document.text()
    assert texts[3] == whole
    assert texts[:3] == [whole.replace(f"<{client}>", "") for client in (1, 2, 3)]
    table.store()
    for seat, typist in zip(seats, typists, strict=False):
        (message,) = table.read(seat)
        assert isinstance(message, Update)
        assert str(Typist(9, message.update)) == f"<{typist.doc.client_id}>"


def test_a_client_that_has_not_synced_yet_is_sent_no_updates(table: Table) -> None:
    ann, late = table.seat(), table.seat(None)
    update = Typist(1).type("a")
    table.say(ann, Update(update))
    assert table.read(late) == []
    table.say(late, SyncStep1(b"\x00"))
    assert table.read(late) == [SyncStep2(update)]


def test_what_is_known_is_acknowledged_but_neither_stored_nor_sent_on(table: Table) -> None:
    ann, bob = table.seat(), table.seat()
    update = Typist(1).type("a")
    table.say(ann, Update(update))
    table.store()
    table.read(ann), table.read(bob)
    table.say(ann, Update(update))
    assert table.read(bob) == []
    assert table.store() == EMPTY
    assert table.read(ann) == [Update(update)]


def test_an_answer_that_brings_nothing_costs_nothing(table: Table) -> None:
    ann = table.seat()
    typist = Typist(1)
    table.say(ann, Update(typist.type("abc")), Update(typist.delete(0, 2)))
    table.store()
    table.read(ann)
    known_deletes = typist.doc.get_update(typist.doc.get_state())
    table.say(ann, SyncStep2(EMPTY), SyncStep2(known_deletes))
    assert not table.room.unstored
    assert table.read(ann) == []


def test_a_gap_is_asked_for_once_and_kept_from_others_until_it_closes(table: Table) -> None:
    ann, bob = table.seat(), table.seat()
    typist = Typist(1)
    first, second, third = typist.type("a"), typist.type("b"), typist.type("c")
    table.say(ann, Update(second), Update(third))
    assert table.read(ann) == [SyncStep1(b"\x00")]
    assert table.read(bob) == []
    kept = table.store()
    assert Document(None, [kept, first]).text() == "abc"
    table.read(ann)
    table.say(ann, SyncStep2(typist.state()))
    (message,) = table.read(bob)
    assert isinstance(message, Update)
    assert str(Typist(9, message.update)) == "abc"
    assert table.room.document.text() == "abc"
    assert table.read(ann) == []
    table.store()
    assert len(table.read(ann)) == 1


def test_a_gap_that_somebody_else_closes_is_acknowledged_only_when_that_is_stored(table: Table) -> None:
    ann, bob, cat = table.seat(), table.seat(), table.seat()
    typist = Typist(1)
    first, second = typist.type("a"), typist.type("b")
    table.say(ann, Update(second))
    table.read(ann)
    table.say(bob, Update(first))
    assert table.read(ann) == table.read(bob) == []
    (message,) = table.read(cat)
    assert isinstance(message, Update)
    assert str(Typist(9, message.update)) == "ab"
    table.store()
    for session in (ann, bob):
        (message,) = table.read(session)
        assert isinstance(message, Update)
        assert str(Typist(9, message.update)) == "ab"


def test_a_gap_that_closes_in_part_still_waits_for_its_senders(table: Table) -> None:
    ann, bob = table.seat(), table.seat()
    typist = Typist(1)
    first, second, third, fourth = (typist.type(letter) for letter in "abcd")
    table.say(ann, Update(second), Update(fourth))
    table.say(bob, Update(first))
    assert table.room.document.text() == "ab"
    table.say(bob, Update(third))
    assert table.room.document.text() == "abcd"


def test_who_leaves_is_sent_nothing_more_and_what_it_sent_is_kept(table: Table) -> None:
    ann, bob = table.seat(), table.seat()
    update = Typist(1).type("a")
    table.room.receive(ann, Update(update).encode(), 0)
    table.room.leave(ann, 0)
    table.room.leave(ann, 0)
    table.turn()
    assert table.read(bob) == [Update(update)]
    assert table.store() == update
    assert table.read(ann) == []


def test_presence_goes_to_everybody_its_sender_included(table: Table) -> None:
    ann, bob = table.seat(), table.seat(None)
    here = AwarenessUpdate(awareness((1, 1, ANN)))
    table.say(ann, here)
    assert table.read(ann) == table.read(bob) == [here]
    late = table.seat(None)
    table.say(late, QueryAwareness())
    assert table.read(late) == [here]
    table.room.leave(ann, 1)
    table.turn()
    (gone,) = table.read(bob)
    assert isinstance(gone, AwarenessUpdate)
    assert read(gone.payload) == [(1, 1, "null")]


def test_who_is_here_is_told_to_those_who_come(table: Table) -> None:
    ann = table.seat()
    table.say(ann, AwarenessUpdate(awareness((1, 1, ANN))))
    late = Session()
    table.inbox[late] = []
    table.room.join(late)
    table.turn()
    assert table.read(late) == [AwarenessUpdate(awareness((1, 1, ANN))), SyncStep1(b"\x00")]


def test_presence_that_is_not_renewed_expires(table: Table) -> None:
    ann, bob = table.seat(), table.seat()
    table.say(ann, AwarenessUpdate(awareness((1, 1, ANN))))
    table.read(bob)
    table.room.expire(EXPIRES)
    table.turn()
    assert len(table.read(bob)) == 1


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (b"\x09", MalformedMessage),
        (PermissionDenied("no").encode(), MalformedMessage),
        (Update(b"\x07").encode(), InvalidUpdate),
        (SyncStep1(b"\x07").encode(), InvalidUpdate),
    ],
)
def test_a_frame_that_is_refused_ends_that_client_alone(table: Table, frame: bytes, error: type[Exception]) -> None:
    ann, bob = table.seat(), table.seat()
    table.room.receive(bob, frame, 0)
    assert isinstance(bob.error, error)
    table.room.receive(bob, Update(Typist(2).type("x")).encode(), 0)
    update = Typist(1).type("a")
    table.say(ann, Update(update))
    assert table.room.document.text() == "a"
    assert ann.error is None


def test_a_full_note_takes_no_more_but_is_still_read() -> None:
    typist = Typist(1)
    table = Table(Room(Document(), max_note_bytes=200))
    ann = table.seat()
    for _ in range(10):
        table.say(ann, Update(typist.type("0123456789")))
    assert len(table.room.document.text()) == 100
    table.say(ann, Update(typist.type("x" * 200)))
    assert isinstance(ann.error, NoteFull)
    assert len(table.room.document.text()) == 100
    reader = table.seat(None)
    table.say(reader, SyncStep1(b"\x00"))
    (message,) = table.read(reader)
    assert isinstance(message, SyncStep2)
    assert len(str(Typist(2, message.update))) == 100


def test_a_full_note_can_be_made_shorter() -> None:
    typist = Typist(1)
    table = Table(Room(Document(None, [typist.type("x" * 300)]), max_note_bytes=200))
    ann = table.seat()
    table.say(ann, Update(typist.delete(0, 250)), Update(typist.type("y")))
    assert ann.error is None
    assert table.room.document.text() == "x" * 50 + "y"


def test_equal_questions_are_answered_once_a_turn_with_the_same_bytes() -> None:
    room = Room(Document(None, [Typist(1).type("hello")]))
    for session in (Session(), Session()):
        room.receive(session, SyncStep1(b"\x00").encode(), 0)
    first, second = room.frames()
    assert first.frame is second.frame


def test_a_batch_is_acknowledged_only_to_those_who_are_still_there(table: Table) -> None:
    ann = table.seat()
    table.say(ann, Update(Typist(1).type("a")))
    batch = table.room.take_batch()
    assert isinstance(batch, Batch)
    table.room.leave(ann, 0)
    table.room.stored(batch)
    table.turn()
    assert table.read(ann) == []


def test_an_edit_made_here_goes_to_everybody_and_says_when_it_is_stored(table: Table) -> None:
    ann, bob, late = table.seat(), table.seat(), table.seat(None)
    contribution = table.room.edit(rewrite("", "hello"))
    assert contribution is not None
    table.turn()
    for session in (ann, bob):
        assert table.read(session) == [Update(contribution.update)]
    assert table.read(late) == []
    assert table.room.unstored.bytes == len(contribution.update) + OVERHEAD
    batch = table.room.take_batch()
    assert batch == Batch(contribution.update, [contribution])
    table.room.stored(batch)
    table.turn()
    assert table.read(ann) == table.read(bob) == []


def test_an_edit_made_here_between_those_of_clients_is_for_everybody_one_frame(table: Table) -> None:
    ann, bob, reader = table.seat(), table.seat(), table.seat()
    typist = Typist(1)
    table.room.receive(ann, Update(typist.type("abc")).encode(), 0)
    table.room.edit(rewrite("abc", "abXc"))
    table.room.receive(bob, Update(Typist(2, typist.state()).type("!")).encode(), 0)
    table.turn()
    frames = {session: table.read(session) for session in (ann, bob, reader)}
    (message,) = frames[reader]
    assert isinstance(message, Update)
    assert str(Typist(9, message.update)) == table.room.document.text() == "abXc!"
    (message,) = frames[ann]
    assert isinstance(message, Update)
    typist.hear(message.update)
    assert str(typist) == "abXc!"
    assert len(frames[bob]) == 1


def test_an_edit_made_here_that_changes_nothing_is_none(table: Table) -> None:
    ann = table.seat()
    assert table.room.edit([]) is None
    table.turn()
    assert table.read(ann) == []
    assert table.room.take_batch() is None


def test_a_full_note_takes_no_edit_made_here_but_can_be_shortened() -> None:
    room = Room(Document(), max_note_bytes=200)
    room.edit(rewrite("", "x" * 150))
    with pytest.raises(NoteFull):
        room.edit(rewrite("", "y" * 100))
    assert room.document.text() == "x" * 150
    assert room.edit(rewrite("x" * 150, "x")) is not None


def test_who_asks_after_an_edit_made_here_gets_it(table: Table) -> None:
    table.room.edit(rewrite("", "a"))
    asked = table.seat(None)
    table.room.receive(asked, SyncStep1(b"\x00").encode(), 0)
    table.room.edit(rewrite("a", "ab"))
    table.room.receive(asked, SyncStep1(b"\x00").encode(), 0)
    table.turn()
    answers = [message.update for message in table.read(asked) if isinstance(message, SyncStep2)]
    assert [str(Typist(9, answer)) for answer in answers] == ["a", "ab"]


@pytest.fixture
def second_generation() -> Table:
    return Table(Room(Document(None, [Typist(5).type("new")]), generation=Generation(b"\x01\x01\x03")))


def test_a_client_of_an_earlier_generation_is_told_nothing_and_heard_by_nobody(second_generation: Table) -> None:
    table, old = second_generation, Typist(1)
    typed = old.type("old")
    ann, back = table.seat(), table.seat(None)
    table.say(back, SyncStep1(old.doc.get_state()), SyncStep2(typed), Update(old.type("!")))
    assert isinstance(back.error, OldGeneration)
    assert table.read(back) == table.read(ann) == []
    assert table.room.take_batch() is None
    assert table.room.document.text() == "new"


def test_an_update_of_an_earlier_generation_is_refused_whole(second_generation: Table) -> None:
    table, old = second_generation, Typist(1)
    old.type("old")
    ann = table.seat()
    for update in (old.state(), Typist(7, old.state()).type("!"), Typist(7, old.state()).delete(0, 1)):
        back = table.seat()
        table.say(back, Update(update))
        assert isinstance(back.error, OldGeneration)
    assert table.read(ann) == []
    assert table.room.take_batch() is None


def test_a_client_of_the_new_generation_edits_as_ever(second_generation: Table) -> None:
    table = second_generation
    ann, bob = table.seat(), table.seat()
    update = Typist(6).type("x")
    table.say(ann, Update(update))
    assert table.read(bob) == [Update(update)]
    assert table.store() == update


def test_a_client_that_counts_its_changes_hears_of_each_once_and_only_after_the_commit(table: Table) -> None:
    ann, ben = table.seat(kind=HocuspocusSession), table.seat()
    typist = Typist(1)
    first, second = typist.type("a"), typist.type("b")
    table.say(ann, SyncStep2(EMPTY), Update(first), Update(second))
    assert table.read(ann) == []
    (message,) = table.read(ben)
    assert str(Typist(9, message.update)) == "ab"
    table.store()
    assert table.read(ann) == [STORED_STATUS] * 3
    table.say(ann, Update(first), SyncStep2(typist.doc.get_update(typist.doc.get_state())))
    table.store()
    assert table.read(ann) == [STORED_STATUS] * 2


def test_a_client_that_counts_its_changes_gets_what_waited_for_it(table: Table) -> None:
    ann, ben = table.seat(kind=HocuspocusSession), table.seat(kind=HocuspocusSession)
    typist = Typist(1)
    first, second = typist.type("a"), typist.type("b")
    table.say(ann, Update(second))
    assert table.read(ann) == [SyncStep1(b"\x00")]
    table.say(ben, Update(first))
    table.store()
    for session in (ann, ben):
        message, *statuses = table.read(session)
        assert str(Typist(9, message.update)) == "ab"
        assert statuses == [STORED_STATUS]


def test_a_stateless_message_goes_to_the_others_who_understand_it() -> None:
    room = Room(Document())
    ann, ben, cat = HocuspocusSession(), HocuspocusSession(), Session()
    for session in (ann, ben, cat):
        room.join(session)
    room.frames()
    room.pass_on(ann, write_string("hi"))
    assert room.frames() == [(b"\x05\x02hi", [ben])]


def test_what_is_discarded_is_neither_sent_nor_stored(table: Table) -> None:
    ann, ben = table.seat(), table.seat()
    table.say(ann, Update(Typist(1).type("a")))
    table.read(ben)
    table.room.receive(ann, Update(Typist(2).type("b")).encode(), 0)
    table.room.discard()
    table.turn()
    assert table.read(ben) == []
    assert table.room.take_batch() is None
    assert table.room.unstored.bytes == 0


@pytest.mark.parametrize("kind", [Session, HocuspocusSession])
def test_what_others_type_in_the_turn_in_which_a_gap_closes_reaches_everybody(
    table: Table, kind: type[Session]
) -> None:
    seats = [table.seat(kind=kind) for _ in range(4)]
    ann, ben, cat, _ = seats
    typist = Typist(1)
    first, second = typist.type("a"), typist.type("b")
    table.say(ann, Update(second))
    table.room.receive(ben, Update(first).encode(), 0)
    table.room.receive(cat, Update(Typist(2).type("x")).encode(), 0)
    table.turn()
    table.store()
    for seat in seats:
        seen = Document(None, [message.update for message in table.inbox[seat] if isinstance(message, Update)]).text()
        assert "ab" in seen
        assert "x" in seen or seat is cat


def seat_reader(table: Table, kind: type[Session]) -> Session:
    reader = table.seat(kind=kind)
    reader.read_only = True
    return reader


@pytest.fixture
def written(table: Table) -> Typist:
    """Somebody who has written and deleted in the note of the table."""
    ann, typist = table.seat(), Typist(1)
    for update in (typist.type("abc"), typist.delete(1, 2)):
        table.say(ann, Update(update))
    table.store()
    return typist


def test_what_a_reader_writes_is_not_taken_and_not_sent_on(table: Table, written: Typist) -> None:
    ben = table.seat()
    reader = seat_reader(table, HocuspocusSession)
    mine = Typist(7, written.state())
    new, gone = mine.type("!"), mine.delete(0, 1)
    waiting = Typist(8).type("x") and Typist(9, Typist(8).type("y")).type("z")
    table.say(reader, Update(new), SyncStep2(gone), SyncStep2(waiting), Update(EMPTY))
    assert table.read(reader) == [REFUSED_STATUS] * 4
    assert table.read(ben) == []
    assert table.room.take_batch() is None
    assert table.room.document.text() == "ac"


def test_a_reader_that_says_nothing_new_is_as_good_as_stored(table: Table, written: Typist) -> None:
    reader = seat_reader(table, HocuspocusSession)
    table.say(reader, SyncStep2(written.state()), SyncStep2(EMPTY))
    assert table.store() == EMPTY
    assert table.read(reader) == [STORED_STATUS] * 2


def test_a_reader_of_y_websocket_may_answer_and_ask(table: Table, written: Typist) -> None:
    reader = seat_reader(table, Session)
    table.say(reader, SyncStep2(written.state()), QueryAwareness())
    assert reader.error is None


def test_a_reader_of_y_websocket_is_closed_for_writing(table: Table, written: Typist) -> None:
    reader = seat_reader(table, Session)
    table.say(reader, Update(Typist(7).type("!")))
    assert isinstance(reader.error, ReadOnly)
    assert table.room.document.text() == "ac"


def test_a_reader_that_was_closed_before_is_told_and_goes_on_reading(table: Table, written: Typist) -> None:
    reader, ben = seat_reader(table, Session), table.seat()
    reader.forgiven = True
    table.say(reader, Update(Typist(7).type("!")), Update(Typist(7).type("?")))
    assert table.read(reader) == [PermissionDenied(ReadOnly().reason)]
    update = written.type("d")
    table.say(ben, Update(update))
    assert table.read(reader) == [Update(update)]


def test_a_malformed_update_of_a_reader_closes_it_too(table: Table) -> None:
    reader = seat_reader(table, HocuspocusSession)
    table.say(reader, SyncStep2(b"\xff"))
    assert isinstance(reader.error, InvalidUpdate)


def test_a_hocuspocus_client_that_begins_anew_is_asked_again(table: Table) -> None:
    ann = table.seat(kind=HocuspocusSession)
    table.say(ann, SyncStep2(EMPTY))
    table.store()
    table.read(ann)
    table.say(ann, SyncStep1(b"\x00"))
    assert [type(message) for message in table.read(ann)] == [SyncStep1, SyncStep2]
