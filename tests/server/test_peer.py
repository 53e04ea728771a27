import pytest

from server.peer import Backlog, Frame


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x82\x00"),
        (125, b"\x82\x7d"),
        (126, b"\x82\x7e\x00\x7e"),
        (65_535, b"\x82\x7e\xff\xff"),
        (65_536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_is_encoded_as_rfc_6455_says(length: int, header: bytes) -> None:
    payload = b"x" * length
    assert Frame(payload).wire == header + payload


def test_a_backlog_is_bounded_but_one_large_frame_always_fits() -> None:
    backlog = Backlog(10)
    large, small = Frame(b"x" * 100), Frame(b"12345678")
    assert backlog.add(large)
    assert backlog.add(small)
    assert not backlog.add(small)
    assert len(backlog) == 3
    assert backlog.take() == [large, small, small]
    assert backlog.take() == []
    assert backlog.add(small)
