"""Snapshots as they lie in the database: compressed, unless that is of no use."""

import asyncio
import zlib
from collections.abc import Callable
from functools import partial

ZLIB = "zlib"
"""What the column ``compression`` says of a snapshot that is."""
_LEVEL = 1
"""Three times as fast as the default, and a tenth larger."""
_AT_ONCE = 64 * 1024
"""Bytes up to which another thread would take longer."""


async def pack(state: bytes) -> tuple[bytes, str | None]:
    """Give the bytes to keep, and what the column ``compression`` says of them."""
    packed = await _run(partial(zlib.compress, level=_LEVEL), state) if state else state
    return (packed, ZLIB) if len(packed) < len(state) else (state, None)


async def unpack(packed: bytes, compression: str | None) -> bytes:
    """Give the snapshot. Of one that is damaged, the bytes as they are: no document, as will be seen."""
    if compression != ZLIB:
        return packed
    try:
        return await _run(zlib.decompress, packed)
    except zlib.error:
        return packed


async def _run(function: Callable[[bytes], bytes], data: bytes) -> bytes:
    return function(data) if len(data) <= _AT_ONCE else await asyncio.to_thread(function, data)
