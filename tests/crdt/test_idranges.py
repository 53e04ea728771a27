from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crdt.idranges import IdRange, IdRanges

RANGES = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 30), st.integers(1, 5)))


@given(RANGES)
def test_it_is_the_set_of_all_the_ids(ranges: list[tuple[int, int, int]]) -> None:
    found = IdRanges(ranges)
    ids = {(client, clock + offset) for client, clock, length in ranges for offset in range(length)}
    assert {place for place in ((client, clock) for client in range(5) for clock in range(40)) if place in found} == ids
    assert bool(found) == bool(ids)
    for client, clock, length in ranges:
        assert found.covers((client, clock), length)
        assert found.covers((client, clock), length + 1) == ((client, clock + length) in ids)


@given(RANGES)
def test_ranges_that_touch_are_one(ranges: list[tuple[int, int, int]]) -> None:
    listed = list(IdRanges(ranges))
    assert listed == sorted(listed)
    assert list(IdRanges(listed)) == listed
    for one, other in pairwise(listed):
        assert one.client < other.client or one.clock + one.length < other.clock


def test_a_range_says_what_it_is() -> None:
    assert list(IdRanges([(1, 5, 2), (1, 3, 2)])) == [IdRange(client=1, clock=3, length=4)]
