import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.errors import InvalidUpdate
from crdt.merge import merge
from crdt.sections import clients, split
from crdt.updates import EMPTY, scan
from tests.crdt.typist import Typist


def test_the_clients_of_one_update_may_lean_on_each_other() -> None:
    ann = Typist(1)
    ann.type("ab")
    bob = Typist(2, ann.state())
    bob.insert(1, "x")
    ready, waiting, wanted = split(bob.state(), {})
    assert waiting == EMPTY
    assert not wanted
    assert scan(ready, {}).ends == {1: 2, 2: 1}


def test_an_update_is_cut_at_its_hole() -> None:
    ann = Typist(1)
    updates = [ann.type(letter) for letter in "abcde"]
    holed = merge([updates[0], updates[1], updates[4]])
    ready, waiting, wanted = split(holed, {})
    assert scan(ready, {})[:4] == ({1: 2}, True, True, False)
    assert wanted == {(1, 3)}
    assert split(waiting, {1: 2}).ready == EMPTY
    assert split(waiting, {1: 4}).waiting == EMPTY
    assert scan(split(waiting, {1: 4}).ready, {1: 4}).ends == {1: 5}


def test_a_struct_waits_for_its_neighbour() -> None:
    ann = Typist(1)
    ann.type("ab")
    bob = Typist(2, ann.state())
    first = bob.insert(1, "x")
    ready, waiting, wanted = split(first, {1: 1})
    assert (ready, waiting, set(wanted)) == (EMPTY, first, {(1, 1)})


def test_a_deletion_is_cut_where_knowledge_ends() -> None:
    ann = Typist(1)
    ann.type("abcdef")
    deletion = ann.delete(1, 5)
    ready, waiting, wanted = split(deletion, {1: 3})
    assert ready == b"\x00\x01\x01\x01\x01\x02"
    assert waiting == b"\x00\x01\x01\x01\x03\x02"
    assert wanted == {(1, 3)}
    assert split(deletion, {1: 6}) == (deletion, EMPTY, frozenset())
    assert split(deletion, {}) == (EMPTY, deletion, frozenset({(1, 1)}))


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 50), st.integers(0, 3)), min_size=1, max_size=30),
    st.data(),
)
def test_any_order_of_any_cuts_gives_the_same_document(edits: list[tuple[int, int, int]], data: st.DataObject) -> None:
    typists = [Typist(client) for client in (1, 2, 3)]
    history: list[bytes] = []
    for who, at, kind in edits:
        typist = typists[who]
        length = len(typist.text)
        if kind == 0 and length:
            history.append(typist.delete(at % length, min(length, at % length + 2)))
        else:
            history.append(typist.insert(at % (length + 1), "ab"[: 1 + at % 2]))
        if kind == 3:
            for other in typists:
                other.hear(typist.state())
    known: dict[int, int] = {}
    waiting, taken = EMPTY, EMPTY
    for update in data.draw(st.permutations(history)):
        ready, waiting, wanted = split(merge([waiting, update]), known)
        assert scan(ready, known).complete or len(scan(ready, known).ends) > 1
        assert (waiting == EMPTY) == (not wanted)
        known |= {client: max(end, known.get(client, 0)) for client, end in scan(ready, known).ends.items()}
        taken = merge([taken, ready])
    assert waiting == EMPTY
    whole = Typist(9, taken)
    assert str(whole) == str(Typist(8, merge(history)))


def test_the_clients_of_an_update_are_those_it_has_leans_on_and_deletes_from() -> None:
    ann = Typist(1)
    typed = ann.type("ab")
    assert clients(typed) == {1}
    ben = Typist(2, ann.state())
    assert clients(ben.insert(1, "x")) == {1, 2}
    assert clients(Typist(3, ann.state()).delete(0, 1)) == {1}
    assert clients(EMPTY) == set()
    with pytest.raises(InvalidUpdate):
        clients(b"\x01")
