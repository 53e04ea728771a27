import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.document import Document
from crdt.encoding import MAX_UINT, write_uint
from crdt.errors import TryAgainLater
from crdt.merge import merge, merge_others
from crdt.messages import Update
from crdt.room import Room
from crdt.session import Session
from crdt.structs import MAX_CLOCK
from crdt.typed import Typed, join, join_others, read, typed
from crdt.updates import scan
from tests.crdt.test_document import Raising
from tests.crdt.typist import Typist


def taken(updates: list[bytes], document: Document | None = None) -> list[Typed]:
    """Updates as a document takes them; all of them must be runs of text."""
    document = document or Document(None, [BASE])
    found = [document.type(update) for update in updates]
    assert None not in found
    return [update for update in found if update is not None]


BASE = Typist(9).type("base")


def typist(client: int) -> Typist:
    someone = Typist(client)
    someone.hear(BASE)
    return someone


def test_what_one_person_types_on_is_one_run() -> None:
    ann = typist(1)
    updates = taken([ann.insert(4 + i, letter) for i, letter in enumerate("hello")])
    joined = join(updates)
    assert joined is not None
    assert len(joined.runs) == 1
    assert joined == ann.doc.get_update(Document(None, [BASE]).state_vector())


def test_runs_at_other_places_stay_apart() -> None:
    ann = typist(1)
    updates = taken([ann.insert(4, "a"), ann.insert(0, "b"), ann.insert(1, "c"), ann.insert(1, "d")])
    joined = join(updates)
    assert joined is not None
    assert len(joined.runs) == 3
    assert Document(None, [BASE, joined]).text() == str(ann.text)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.sampled_from(["a", "bc", "\n"])), max_size=40))
def test_joined_runs_are_what_the_native_core_makes_of_them(edits: list[tuple[int, int, str]]) -> None:
    people = [typist(client) for client in (1, 2, 3)]
    document, plain = Document(None, [BASE]), Document(None, [BASE])
    sent = []
    for who, at, text in edits:
        update = people[who].insert(at % (len(people[who].text) + 1), text)
        for other in people:
            other.hear(update)
        plain.apply(update)
        sent += taken([update], document)
    assert document.text() == plain.text() == str(people[0].text)
    if sent:
        joined = join(sent)
        assert joined is not None
        assert scan(joined, document.clocks).repeats
        assert Document(None, [BASE, joined]).encode() == plain.encode()
        assert merge([joined, joined]) == joined or len(joined.runs) >= 1


def test_everybody_elses_runs() -> None:
    updates = taken([typist(client).insert(4, str(client)) for client in (1, 2, 3)])
    for mine, others in zip(updates, merge_others(updates), strict=True):
        document = Document(None, [BASE, others])
        assert sorted(document.text()) == sorted("base" + "123".replace(mine.runs[0].text.decode(), ""))


def test_runs_of_one_client_in_two_hands_are_left_to_the_native_core() -> None:
    ann = typist(1)
    updates = taken([ann.insert(4, "a"), ann.insert(5, "b")])
    assert join_others(updates) is None
    assert merge_others(updates) == [updates[1], updates[0]]


def test_a_gap_is_left_to_the_native_core() -> None:
    ann = typist(1)
    first, _, third = taken([ann.insert(4, "a"), ann.insert(5, "b"), ann.insert(6, "c")])
    assert join([first, third]) is None
    assert join([third, first]) is None
    assert join([first, bytes(third)]) is None
    assert join_others([first, bytes(third)]) is None


def test_what_is_not_quite_a_run_is_none() -> None:
    known = {1: 5, 2: 3, 1 << 40: 1}
    client, clock, left = write_uint(1), write_uint(5), write_uint(4)

    def update(*parts: bytes) -> bytes:
        return b"\x01\x01" + b"".join(parts) + b"\x00"

    assert read(update(client, clock, b"\x84", client, left, b"\x01a"), known)
    assert read(update(client, clock, b"\x84", write_uint(1 << 40), b"\x00", b"\x01a"), known)
    assert read(update(client, clock, b"\x44", b"\x02\x02", b"\x01a"), known)
    assert read(update(client, clock, b"\xc4", b"\x02\x01", b"\x02\x02", b"\x01a"), known)
    for refused in (
        update(client, clock, b"\x84", client, left, b"\x02a"),
        update(client, write_uint(4), b"\x84", client, left, b"\x01a"),
        update(client, write_uint(6), b"\x84", client, left, b"\x01a"),
        update(client, clock, b"\x84", client, clock, b"\x01a"),
        update(client, clock, b"\x84", b"\x02\x03", b"\x01a"),
        update(client, clock, b"\xc4", b"\x02\x01", b"\x02\x03", b"\x01a"),
        update(client, clock, b"\x84", b"\x07\x00", b"\x01a"),
        update(client, clock, b"\x84", client, left, b"\x00"),
    ):
        assert read(refused, known) is None


@pytest.mark.parametrize(("client", "clock"), [(MAX_UINT + 1, 1), (1, MAX_CLOCK)])
def test_numbers_that_no_editor_sends_are_left_to_the_strict_reader(client: int, clock: int) -> None:
    raw = b"".join(
        itertools.chain((bytes((client >> 7 * i & 0x7F | 0x80,)) for i in range(7)), (bytes((client >> 49,)),))
    )
    update = b"\x01\x01" + raw + write_uint(clock) + b"\x84" + raw + b"\x00\x01a\x00"
    assert read(update, {client: clock}) is None


def test_an_update_that_is_one_run_is_itself() -> None:
    update = typist(1).insert(4, "a")
    found = read(update, Document(None, [BASE]).clocks)
    assert found is not None
    assert typed(update, found[1]) == update


def test_a_native_core_that_breaks_on_what_was_typed_damages_the_document(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """As the native core raises it."""

    room = Room(Document(None, [BASE]))
    session = Session()
    room.join(session)
    assert room.type(session, Update(typist(1).insert(4, "a")).encode())
    monkeypatch.setattr(room.document._replica, "_doc", Raising(PanicException))
    room.settle()
    assert room.document.damaged
    assert not room.type(session, Update(typist(2).insert(4, "b")).encode())
    assert not room.trials


def test_what_was_typed_is_put_in_once() -> None:
    document = Document(None, [BASE])
    assert taken([typist(1).insert(4, "a")], document)
    with pytest.raises(TryAgainLater):
        broken(document)
    assert document.damaged


def broken(document: Document) -> None:
    """Settle with a native core that does not take anything."""

    class PanicException(BaseException):
        """As the native core raises it."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document._replica, "_doc", Raising(PanicException))
        document.settle()
