from crdt.document import Document
from crdt.merge import FAN_IN, merge, merge_others
from tests.crdt.typist import Typist


def test_one_update_is_given_back_as_it_is() -> None:
    update = Typist(1).type("a")
    assert merge([update]) is update


def test_many_updates_become_one_with_their_effect() -> None:
    ann = Typist(1)
    updates = [ann.type(str(i)) for i in range(3 * FAN_IN + 5)]
    assert Document(None, [merge(updates)]).text() == str(ann)


def test_a_merge_keeps_what_still_misses_a_predecessor() -> None:
    ann = Typist(1)
    first, second, third = ann.type("a"), ann.type("b"), ann.type("c")
    gapped = merge([third, first])
    document = Document(None, [gapped])
    assert document.text() == "a"
    document.apply(second)
    assert document.text() == "abc"


def test_each_sender_gets_what_all_the_others_sent() -> None:
    typists = [Typist(client) for client in range(1, 6)]
    updates = [typist.type(str(client)) for client, typist in enumerate(typists, 1)]
    for size in range(2, len(updates) + 1):
        for i, others in enumerate(merge_others(updates[:size])):
            expected = Document(None, updates[:i] + updates[i + 1 : size])
            assert Document(None, [others]).state_vector() == expected.state_vector()


def test_one_more_than_fits_a_branch_is_merged() -> None:
    ann = Typist(1)
    assert str(Typist(2, merge([ann.type("a") for _ in range(FAN_IN + 1)]))) == "a" * (FAN_IN + 1)
