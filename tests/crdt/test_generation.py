"""Row 13: who has what a note was before it was deleted is told apart from who has not."""

import pytest

from crdt import statevector
from crdt.document import Document
from crdt.errors import InvalidUpdate, OldGeneration
from crdt.generation import Generation, outlived
from tests.crdt.typist import Typist

OLD = Generation(statevector.encode({1: 5, 2: 1}))


def test_a_note_that_was_never_deleted_takes_everybody() -> None:
    first = Generation()
    first.check_state_vector(statevector.encode({1: 5}))
    first.check_update(Typist(1).type("a"))
    first.check_update(b"not looked at")


@pytest.mark.parametrize("clocks", [{1: 1}, {2: 9, 3: 1}])
def test_who_has_something_of_an_earlier_generation_is_refused(clocks: dict[int, int]) -> None:
    with pytest.raises(OldGeneration, match="deleted and made again"):
        OLD.check_state_vector(statevector.encode(clocks))


def test_who_has_nothing_of_it_is_taken() -> None:
    OLD.check_state_vector(statevector.encode({3: 1}))
    OLD.check_update(Typist(3).type("a"))


def test_an_update_by_an_earlier_client_is_refused() -> None:
    with pytest.raises(OldGeneration):
        OLD.check_update(Typist(1).type("a"))


def test_an_update_that_leans_on_an_earlier_client_is_refused() -> None:
    old = Typist(1)
    old.type("ab")
    newer = Typist(3, old.state())
    for update in (newer.type("c"), newer.delete(0, 1)):
        with pytest.raises(OldGeneration):
            OLD.check_update(update)


def test_broken_bytes_are_refused() -> None:
    for check in (OLD.check_update, OLD.check_state_vector, Generation):
        with pytest.raises(InvalidUpdate):
            check(b"\x05")


def test_what_is_outlived_is_the_document_what_waits_and_what_was_before() -> None:
    ann, ben = Typist(1), Typist(2)
    ben.type("a")
    document = Document(None, [ann.type("abc"), ben.type("b")])
    assert statevector.decode(outlived(document)) == {1: 3, 2: 2}
    earlier = statevector.encode({1: 9, 7: 1})
    assert statevector.decode(outlived(document, earlier)) == {1: 9, 2: 2, 7: 1}
    assert outlived(Document()) == statevector.EMPTY


def test_the_reason_fits_a_close_frame() -> None:
    assert OldGeneration().reason == str(OldGeneration())
    assert OldGeneration.code == 4409
