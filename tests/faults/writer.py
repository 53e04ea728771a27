"""A y-websocket client that keeps a ledger: what it typed, and what of that the server has acknowledged."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import pycrdt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.interop.pycrdt_client import STEP_1, STEP_2, SYNC, UPDATE, Reader, varbytes


class Writer:
    """One client in one note, an async context manager.

    ``echoed`` is a second document, made of nothing but what the server has sent: a word of one's own is in it once
    it is acknowledged, and not before. (After another ``connect`` the server asks for what it misses alone: what it
    had already is then in ``echoed`` no more.)
    """

    def __init__(self, url: str) -> None:
        """Prepare a client of the note at this WebSocket URL."""
        self.url = url
        self.closed: tuple[int | None, str | None] | None = None
        self._document: pycrdt.Doc[Any] = pycrdt.Doc()
        self._content = self._document.get("content", type=pycrdt.Text)
        self._echoed: pycrdt.Doc[Any] = pycrdt.Doc()
        self._echoed_content = self._echoed.get("content", type=pycrdt.Text)
        self._synced = False
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.leave()

    async def connect(self) -> None:
        """Connect, for the first time or again, and wait until both sides have told what they have."""
        self.closed, self._synced = None, False
        self._socket: ClientConnection = await connect(self.url, max_size=None, compression=None)
        self._reader = asyncio.create_task(self._read())
        await self._socket.send(bytes([SYNC, STEP_1]) + varbytes(self._document.get_state()))
        await self.until(lambda: self._synced or self.closed is not None)

    async def connect_until_accepted(self) -> None:
        """Connect again, as often as the server closes the connection."""
        async with asyncio.timeout(30):
            while self.closed is not None:
                await self.leave()
                with contextlib.suppress(OSError):
                    await self.connect()
                await asyncio.sleep(0.01)

    async def leave(self) -> None:
        """Close the connection."""
        await self._socket.close()
        await self._reader

    @property
    def text(self) -> str:
        """What this client sees."""
        return str(self._content)

    @property
    def acknowledged(self) -> str:
        """What of it the server has sent back, or others have typed."""
        return str(self._echoed_content)

    async def type(self, text: str) -> None:
        """Put a text at the end; a closed connection keeps it here until the next one."""
        before = self._document.get_state()
        self.write(text)
        with contextlib.suppress(ConnectionClosed):
            await self._socket.send(bytes([SYNC, UPDATE]) + varbytes(self._document.get_update(before)))

    def write(self, text: str) -> None:
        """Put a text at the end and tell nobody."""
        self._content += text

    async def answered(self) -> None:
        """Wait for the answer to a ping: all that the server had sent before it has come."""
        await (await self._socket.ping())

    async def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something is so, looking after each message."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_acknowledged(self) -> None:
        """Wait until everything that was typed here is acknowledged."""
        await self.until(lambda: self.text == self.acknowledged)

    async def until_closed(self) -> tuple[int | None, str | None]:
        """Wait for the end of the connection; its code and reason."""
        await self.until(lambda: self.closed is not None)
        assert self.closed is not None
        return self.closed

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._socket:
                assert isinstance(frame, bytes)
                await self._receive(Reader(frame))
                self._changed.set()
        self.closed = (self._socket.close_code, self._socket.close_reason)
        self._changed.set()

    async def _receive(self, message: Reader) -> None:
        if message.varuint() != SYNC:
            return
        step, data = message.varuint(), message.varbytes()
        if step == STEP_1:
            await self._socket.send(bytes([SYNC, STEP_2]) + varbytes(self._document.get_update(data)))
            return
        self._document.apply_update(data)
        self._echoed.apply_update(data)
        self._synced = self._synced or step == STEP_2
