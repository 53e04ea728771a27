import pytest

from crdt import statevector
from crdt.errors import InvalidUpdate
from tests.crdt.typist import Typist


def test_it_is_encoded_as_the_core_does() -> None:
    ann, bob = Typist(1), Typist(300)
    ann.type("hello")
    bob.type("hi")
    ann.hear(bob.state())
    encoded = ann.doc.get_state()
    assert statevector.decode(encoded) == {1: 5, 300: 2}
    assert statevector.decode(statevector.encode({1: 5, 300: 2})) == {1: 5, 300: 2}
    assert statevector.encode({1: 5}) == b"\x01\x01\x05"
    assert statevector.decode(statevector.EMPTY) == {}


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (b"", "cut short"),
        (b"\x01\x01", "more clients|cut short"),
        (b"\xff\xff\xff\x0f", "more clients than it has bytes"),
        (b"\x00\x00", "behind its end"),
        (b"\x01\x01" + b"\xff" * 20, "larger than"),
    ],
)
def test_anything_else_is_refused(encoded: bytes, reason: str) -> None:
    with pytest.raises(InvalidUpdate, match=reason):
        statevector.decode(encoded)


def test_a_union_has_the_most_of_each() -> None:
    one, other = statevector.encode({1: 2, 2: 3}), statevector.encode({2: 1, 3: 4})
    assert statevector.decode(statevector.union(one, other)) == {1: 2, 2: 3, 3: 4}
    assert statevector.union() == statevector.EMPTY


def test_a_state_vector_of_very_many_clients_is_refused() -> None:
    vector = dict.fromkeys(range(statevector.MAX_CLIENTS + 1), 1)
    with pytest.raises(InvalidUpdate, match="more than"):
        statevector.decode(statevector.encode(vector))
