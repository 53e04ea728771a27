import zlib

import pytest

from stores.packing import ZLIB, pack, unpack


@pytest.mark.parametrize("size", [100, 1_000_000])
async def test_what_is_packed_is_smaller_and_the_same_again(size: int) -> None:
    packed, compression = await pack(b"x" * size)
    assert compression == ZLIB
    assert len(packed) < size
    assert await unpack(packed, compression) == b"x" * size


@pytest.mark.parametrize("state", [b"", b"\x00", bytes(range(256))])
async def test_what_cannot_become_smaller_stays_as_it_is(state: bytes) -> None:
    assert await pack(state) == (state, None)
    assert await unpack(state, None) == state


async def test_what_is_damaged_is_given_as_it_lies_there() -> None:
    packed = zlib.compress(b"x" * 100)[:-1]
    assert await unpack(packed, ZLIB) == packed
