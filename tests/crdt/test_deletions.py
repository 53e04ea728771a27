import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.deletions import covered
from crdt.idranges import IdRange
from crdt.sections import encode

RANGES = st.lists(st.tuples(st.integers(1, 2), st.integers(0, 12), st.integers(1, 4)), max_size=5)


def deleting(*ranges: tuple[int, int, int]) -> bytes:
    return encode([], [IdRange(*each) for each in ranges])


@pytest.mark.parametrize(
    ("wanted", "known", "expected"),
    [
        ([], [], True),
        ([(1, 0, 1)], [], False),
        ([(1, 0, 1)], [(2, 0, 1)], False),
        ([(1, 1, 2)], [(1, 0, 4)], True),
        ([(1, 0, 4)], [(1, 0, 2), (1, 2, 2)], True),
        ([(1, 0, 4)], [(1, 0, 2), (1, 3, 1)], False),
        ([(1, 0, 1), (1, 5, 1)], [(1, 0, 9)], True),
        ([(1, 0, 1), (1, 5, 1)], [(1, 0, 2), (1, 5, 1)], True),
        ([(1, 3, 2)], [(1, 4, 1)], False),
    ],
)
def test_a_range_is_covered_when_all_of_it_is_known(
    wanted: list[tuple[int, int, int]], known: list[tuple[int, int, int]], expected: bool
) -> None:
    assert covered(deleting(*wanted), deleting(*known)) is expected


def clocks(ranges: list[tuple[int, int, int]]) -> set[tuple[int, int]]:
    return {(client, at) for client, clock, length in ranges for at in range(clock, clock + length)}


@given(RANGES, RANGES)
def test_it_is_the_subset_of_clocks(wanted: list[tuple[int, int, int]], known: list[tuple[int, int, int]]) -> None:
    assert covered(deleting(*wanted), deleting(*known)) is (clocks(wanted) <= clocks(known))
