import pytest
from pycrdt import Doc, StickyIndex

from crdt.errors import InvalidUpdate
from crdt.native import harmless, refusal, refusing


def test_a_real_panic_is_a_refusal() -> None:
    with pytest.raises(InvalidUpdate), refusing():
        StickyIndex.decode(b"\xff" * 9)


@pytest.mark.parametrize("ours", [KeyboardInterrupt(), SystemExit(), GeneratorExit(), TypeError(), KeyError()])
def test_what_is_no_fault_of_the_input_is_raised_again(ours: BaseException) -> None:
    with pytest.raises(type(ours)):
        refusal(ours)


def test_what_was_not_decoded_did_no_harm() -> None:
    with pytest.raises(ValueError, match="decode") as caught:
        Doc().apply_update(b"\x01")
    assert harmless(caught.value)
    assert not harmless(ValueError("Cannot apply update"))
