import pytest

from crdt.errors import MalformedMessage
from crdt.messages import (
    AwarenessUpdate,
    Message,
    PermissionDenied,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    Update,
    decode,
)

FRAMES: list[tuple[Message, bytes]] = [
    (SyncStep1(b"\x00"), b"\x00\x00\x01\x00"),
    (SyncStep2(b"ab"), b"\x00\x01\x02ab"),
    (Update(b"abc"), b"\x00\x02\x03abc"),
    (AwarenessUpdate(b"\x00"), b"\x01\x01\x00"),
    (PermissionDenied("no"), b"\x02\x00\x02no"),
    (QueryAwareness(), b"\x03"),
]


@pytest.mark.parametrize(("message", "frame"), FRAMES)
def test_each_message_has_its_frame(message: Message, frame: bytes) -> None:
    assert message.encode() == frame
    assert list(decode(frame)) == [message]


def test_a_frame_may_hold_several_messages() -> None:
    frame = b"".join(frame for _, frame in FRAMES)
    assert list(decode(frame)) == [message for message, _ in FRAMES]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "empty"),
        (b"\x00", "cut short"),
        (b"\x00\x00", "cut short"),
        (b"\x00\x02\x05abc", "5 bytes are announced, 3 follow"),
        (b"\x04", "type 4 is not known"),
        (b"\x00\x03\x00", "Sync message type 3"),
        (b"\x02\x01\x00", "Permission message type 1"),
        (b"\x02\x00\x01\xff", "not UTF-8"),
        (b"\x80", "cut short"),
    ],
)
def test_a_malformed_frame_is_refused_with_a_reason(frame: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=reason):
        list(decode(frame))


def test_what_stands_before_a_malformed_message_is_given() -> None:
    messages = decode(b"\x03\x09")
    assert next(messages) == QueryAwareness()
    with pytest.raises(MalformedMessage):
        next(messages)
