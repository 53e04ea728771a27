import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.encoding import MAX_UINT, read_bytes, read_string, read_uint, write_bytes, write_string, write_uint
from crdt.errors import MalformedMessage


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (0, b"\x00"),
        (127, b"\x7f"),
        (128, b"\x80\x01"),
        (300, b"\xac\x02"),
        (MAX_UINT, b"\xff\xff\xff\xff\xff\xff\xff\x0f"),
    ],
)
def test_numbers_are_encoded_as_lib0_does(value: int, encoded: bytes) -> None:
    assert write_uint(value) == encoded
    assert read_uint(b"." + encoded, 1) == (value, 1 + len(encoded))


@given(st.integers(0, MAX_UINT), st.binary(), st.text())
def test_what_is_written_is_read_back(number: int, raw: bytes, text: str) -> None:
    data = write_uint(number) + write_bytes(raw) + write_string(text)
    got_number, at = read_uint(data, 0)
    got_raw, at = read_bytes(data, at)
    got_text, at = read_string(data, at)
    assert (got_number, got_raw, got_text, at) == (number, raw, text, len(data))


@pytest.mark.parametrize("encoded", [b"\xff" * 400_000, b"\xff" * 7 + b"\x10", b"\x80" * 8 + b"\x01"])
def test_a_number_larger_than_javascript_can_hold_is_refused(encoded: bytes) -> None:
    with pytest.raises(MalformedMessage, match=r"larger than 2\^53"):
        read_uint(encoded, 0)


@pytest.mark.parametrize("encoded", [b"", b"\x80", b"\xff\xff"])
def test_a_number_that_is_cut_short_runs_out_of_bytes(encoded: bytes) -> None:
    with pytest.raises(IndexError):
        read_uint(encoded, 0)


def test_a_byte_array_longer_than_its_message_is_refused_without_reserving_memory() -> None:
    with pytest.raises(MalformedMessage, match="9007199254740991 bytes are announced, 1 follow"):
        read_bytes(write_uint(MAX_UINT) + b"x", 0)


def test_a_string_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="not UTF-8"):
        read_string(b"\x02\xc3\x28", 0)


def test_the_length_of_a_string_counts_bytes() -> None:
    assert write_string("é😀") == b"\x06" + "é😀".encode()
