from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from server.shortframes import ShortFrames

SIZES = st.sampled_from([0, 1, 2, 7, 125, 126, 127, 300, 65535, 65536])
FRAMES = st.lists(st.tuples(st.sampled_from(list(Opcode)), SIZES, st.booleans()), max_size=12)


def wire(opcode: Opcode, content: bytes, fin: bool = True, mask: bool = True) -> bytes:
    """One frame as it is sent."""
    if opcode in (Opcode.PING, Opcode.PONG, Opcode.CLOSE):
        content, fin = content[:125], True
    return Frame(opcode, content, fin).serialize(mask=mask)


def split(chunks: list[bytes]) -> tuple[list[bytes], bytes]:
    """The short messages of a connection, and all that its parser gets."""
    short = ShortFrames()
    pieces = [piece for chunk in chunks for piece in short.split(chunk)]
    messages = [piece.data for piece in pieces if piece.message]
    return messages, b"".join(piece.data for piece in pieces if not piece.message)


@given(FRAMES, st.lists(st.integers(0, 400), max_size=30))
def test_however_it_comes_in_short_messages_are_read_and_the_parser_gets_the_rest(
    frames: list[tuple[Opcode, int, bool]], cuts: list[int]
) -> None:
    sent, messages, left = b"", [], b""
    fragmented = False
    for number, (opcode, size, fin) in enumerate(frames):
        content = bytes((number,)) * size
        frame = wire(opcode, content, fin)
        sent += frame
        if opcode is Opcode.BINARY and fin and size < 126 and not fragmented:
            messages.append(content)
        else:
            left += frame
        if opcode in (Opcode.CONT, Opcode.TEXT, Opcode.BINARY):
            fragmented = not fin
    places = [0, *sorted(min(sum(cuts[: i + 1]), len(sent)) for i in range(len(cuts))), len(sent)]
    found, rest = split([sent[a:b] for a, b in pairwise(places)])
    assert found == messages
    assert rest == left


@pytest.mark.parametrize("size", [0, 5, 125])
def test_a_message_in_single_bytes(size: int) -> None:
    frame = wire(Opcode.BINARY, b"x" * size)
    assert split([bytes((byte,)) for byte in frame + frame]) == ([b"x" * size] * 2, b"")


def test_order_is_kept() -> None:
    short = ShortFrames()
    one, two = wire(Opcode.BINARY, b"one"), wire(Opcode.BINARY, b"two")
    ping = wire(Opcode.PING, b"now")
    assert [piece.data for piece in short.split(one + ping + two)] == [b"one", ping, b"two"]


def test_a_message_within_a_fragmented_one_is_for_the_parser() -> None:
    begun, inside = wire(Opcode.TEXT, b"a", fin=False), wire(Opcode.BINARY, b"b")
    ended, after = wire(Opcode.CONT, b"c"), wire(Opcode.BINARY, b"d")
    found, rest = split([begun + inside])
    assert (found, rest) == ([], begun + inside)
    assert split([begun + ended + after]) == ([b"d"], begun + ended)


@given(st.lists(st.integers(1, 9), min_size=1))
def test_after_a_frame_that_is_not_masked_all_is_for_the_parser(cuts: list[int]) -> None:
    first, bad, after = wire(Opcode.BINARY, b"a"), wire(Opcode.BINARY, b"b", mask=False), wire(Opcode.BINARY, b"c")
    sent = first + bad + after
    places = [0, *sorted({min(sum(cuts[: i + 1]), len(sent)) for i in range(len(cuts))} | {len(sent)})]
    assert split([sent[a:b] for a, b in pairwise(places)]) == ([b"a"], bad + after)
