from crdt.contribution import Contribution
from crdt.unstored import OVERHEAD, Unstored
from crdt.updates import EMPTY
from tests.crdt.typist import Typist


def test_what_is_handed_over_is_merged_and_forgotten() -> None:
    unstored = Unstored()
    assert unstored.take() is None
    typist = Typist(1)
    first, second = typist.type("a"), typist.type("b")
    nothing_new = Contribution(None, first, EMPTY, EMPTY)
    unstored.add([Contribution(None, first, first, first), nothing_new])
    unstored.add([Contribution(None, second, second, second)])
    assert unstored
    assert unstored.bytes == 2 * len(first) + len(second) + 3 * OVERHEAD
    batch = unstored.take()
    assert batch is not None
    assert len(batch.contributions) == 3
    assert len(batch.update) < len(first) + len(second)
    assert (bool(unstored), unstored.bytes) == (False, 0)


def test_nothing_to_store_is_handed_over_all_the_same() -> None:
    unstored = Unstored()
    unstored.add([Contribution(None, EMPTY, EMPTY, EMPTY)])
    batch = unstored.take()
    assert batch is not None
    assert batch.update == EMPTY
