"""A y-websocket client in Python: pycrdt for the document, ``websockets`` for the socket, the protocol by hand.

It shares no code with the server, so that an error in the server's codec cannot hide here.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import pycrdt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

SYNC, AWARENESS = 0, 1
STEP_1, STEP_2, UPDATE = 0, 1, 2


def varuint(number: int) -> bytes:
    """Return the lib0 varUint of ``number``."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(0x80 | number & 0x7F)
        number >>= 7
    return bytes([*parts, number])


def varbytes(data: bytes) -> bytes:
    """Return ``data`` behind its length."""
    return varuint(len(data)) + data


class Reader:
    """Reads lib0 values from the front of ``data``."""

    def __init__(self, data: bytes) -> None:
        """Start at the first byte."""
        self._data = data
        self._at = 0

    def varuint(self) -> int:
        """Return the next varUint."""
        number = shift = 0
        while True:
            byte = self._data[self._at]
            self._at += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def varbytes(self) -> bytes:
        """Return the next byte array."""
        length = self.varuint()
        self._at += length
        return self._data[self._at - length : self._at]


class PycrdtClient:
    """One client in one note, an async context manager; handed out once it is synced."""

    def __init__(self, url: str, room: str) -> None:
        """Prepare a client of ``room`` at the server URL that a provider would be given."""
        self.document: pycrdt.Doc[Any] = pycrdt.Doc()
        self.content = self.document.get("content", type=pycrdt.Text)
        self.synced = False
        self.people: dict[int, dict[str, Any]] = {}
        self._url = f"{url}/{room}"
        self._changed = asyncio.Event()
        self._clock = 0

    async def __aenter__(self) -> Self:
        """Connect, and wait for the server's step 2."""
        self._socket: ClientConnection = await connect(self._url, max_size=None)
        self._reader = asyncio.create_task(self._read())
        await self._socket.send(bytes([SYNC, STEP_1]) + varbytes(self.document.get_state()))
        await self.wait(lambda: self.synced)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        await self._socket.close()
        await self._reader

    @property
    def text(self) -> str:
        """The text that this client sees."""
        return str(self.content)

    async def insert(self, text: str, index: int | None = None) -> None:
        """Insert ``text`` at ``index`` (code points), or at the end."""
        at = len(self.text[:index].encode())
        await self._edit(lambda: self.content.insert(at, text))

    async def delete(self, index: int, length: int) -> None:
        """Delete ``length`` code points at ``index``."""
        start, end = len(self.text[:index].encode()), len(self.text[: index + length].encode())

        def cut() -> None:
            del self.content[start:end]

        await self._edit(cut)

    async def set_awareness(self, state: Mapping[str, object] | None) -> None:
        """Announce the local awareness state; None removes it."""
        self._clock += 1
        entry = varuint(self.document.client_id) + varuint(self._clock) + varbytes(json.dumps(state).encode())
        await self._socket.send(bytes([AWARENESS]) + varbytes(varuint(1) + entry))

    async def wait(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        """Wait until ``condition`` holds, looking after each message; TimeoutError, telling the state."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            state = f"synced {self.synced}, people {self.people}, text {self.text[-200:]!r}"
            raise TimeoutError(f"after {seconds} s still not so: {state}") from None

    async def _edit(self, edit: Callable[[], None]) -> None:
        before = self.document.get_state()
        with self.document.transaction():
            edit()
        await self._socket.send(bytes([SYNC, UPDATE]) + varbytes(self.document.get_update(before)))

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._socket:
                assert isinstance(frame, bytes)
                reply = self._receive(Reader(frame))
                if reply is not None:
                    await self._socket.send(reply)
                self._changed.set()

    def _receive(self, message: Reader) -> bytes | None:
        kind = message.varuint()
        if kind == AWARENESS:
            self._learn(Reader(message.varbytes()))
        if kind != SYNC:
            return None
        step = message.varuint()
        data = message.varbytes()
        if step == STEP_1:
            return bytes([SYNC, STEP_2]) + varbytes(self.document.get_update(data))
        self.document.apply_update(data)
        self.synced = self.synced or step == STEP_2
        return None

    def _learn(self, entries: Reader) -> None:
        for _ in range(entries.varuint()):
            client_id, _clock, state = entries.varuint(), entries.varuint(), json.loads(entries.varbytes())
            if state is None:
                self.people.pop(client_id, None)
            else:
                self.people[client_id] = state
