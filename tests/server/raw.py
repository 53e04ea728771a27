"""A client that writes bytes as it likes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Raw:
    """A TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> tuple[int, bytes]:
        """Read one answer that says how long it is; its status and body."""
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            return int(head.split()[1]), await self.reader.readexactly(length)

    async def rest(self) -> bytes:
        """Read until the server ends the connection."""
        data = b""
        async with asyncio.timeout(20):
            with contextlib.suppress(ConnectionError):
                while more := await self.reader.read(1 << 16):
                    data += more
        return data


@contextlib.asynccontextmanager
async def raw(port: int, limit: int = 1 << 16) -> AsyncIterator[Raw]:
    """Connect."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=limit)
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()
