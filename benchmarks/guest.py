"""A client for what happens once: it comes to a note, waits until it has everything, and says how long that took."""

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from pycrdt import Doc, Text

from benchmarks.serving import Server
from tests.interop.pycrdt_client import Reader, varbytes

EMPTY_VECTOR, EMPTY_UPDATE = b"\x00", b"\x00\x00"
SYNC, AUTH, STATUS = 0, 2, 8
STEP_1, STEP_2, UPDATE = 0, 1, 2
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10
PATIENCE = 45.0


class GuestError(Exception):
    """The server did not let a guest in, or threw it out."""


@dataclass
class Guest:
    """One connection to one note, a context manager; blocking, and frugal."""

    server: Server
    room: str
    number: int = 0
    vector: bytes = EMPTY_VECTOR
    updates: list[bytes] = field(default_factory=list)
    bytes_of_sync: int = 0
    stored: int = 0
    """How many of our updates were said to be stored."""

    def __enter__(self) -> Self:
        """Connect, and send what a provider sends first."""
        options = self.server.target(self.room)
        self._name = str(options["document"]).replace("%d", str(self.number))
        self._hocuspocus = options["protocol"] == "hocuspocus"
        path = str(options["path"]).replace("%d", str(self.number))
        self.started = time.perf_counter()
        self._by = self.started + PATIENCE
        self._socket = socket.create_connection(("127.0.0.1", self.server.port), PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._waiting = bytearray()
        self._upgrade(path)
        if self._hocuspocus:
            self._send(bytes([AUTH, 0]) + varbytes(b"") + varbytes(b"4.7.0"))
        self.sync(STEP_1, self.vector)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection, without a word."""
        self._socket.close()

    def sync(self, step: int, data: bytes) -> None:
        """Send a sync message."""
        self._send(bytes([SYNC, step]) + varbytes(data))

    def until(self, done: Callable[[], bool]) -> float:
        """Hear messages until something holds; the milliseconds from the connect to the last of them.

        GuestError when it does not hold in time.
        """
        arrived = time.perf_counter()
        self._by = arrived + PATIENCE
        while not done():
            frame = self._frame()
            arrived = time.perf_counter()
            self._hear(Reader(frame))
        return 1000 * (arrived - self.started)

    def hear_what_is_there(self) -> None:
        """Hear what has come already, so that a server is never blocked by us."""
        self._by = time.perf_counter() + PATIENCE
        while select.select([self._socket], [], [], 0)[0]:
            self._more()
            while self._whole():
                self._hear(Reader(self._frame()))

    def nothing_until(self, by: float) -> bool:
        """Wait for more until that time of ``perf_counter``; whether there was nothing."""
        if self._whole():
            return False
        return not select.select([self._socket], [], [], max(0.0, by - time.perf_counter()))[0]

    def _whole(self) -> bool:
        """Tell whether a whole frame is waiting."""
        if len(self._waiting) < 2:
            return False
        length, at = self._waiting[1], 2
        if length > 125:
            at += 2 if length == 126 else 8
            length = int.from_bytes(self._waiting[2:at])
        return len(self._waiting) >= at + length

    def synced(self) -> bool:
        """Whether a step 2 came."""
        return self.bytes_of_sync > 0

    def _upgrade(self, path: str) -> None:
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\nConnection: Upgrade\r\n"
        head += "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        self._socket.sendall(head.encode())
        while (end := self._waiting.find(b"\r\n\r\n")) < 0:
            self._more()
        if not self._waiting.startswith(b"HTTP/1.1 101"):
            raise GuestError(self._waiting.decode(errors="replace"))
        del self._waiting[: end + 4]

    def _send(self, message: bytes) -> None:
        if self._hocuspocus:
            message = varbytes(self._name.encode()) + message
        length = len(message)
        if length < 126:
            size = bytes([0x80 | length])
        elif length < 1 << 16:
            size = bytes([0x80 | 126]) + length.to_bytes(2)
        else:
            size = bytes([0x80 | 127]) + length.to_bytes(8)
        self._socket.settimeout(PATIENCE)
        self._socket.sendall(b"\x82" + size + bytes(4) + message)

    def _more(self) -> None:
        self._socket.settimeout(max(0.001, self._by - time.perf_counter()))
        try:
            data = self._socket.recv(1 << 20)
        except TimeoutError:
            raise GuestError(
                f"{self.server.contestant.name} did not send what was waited for in {PATIENCE:.0f} s"
            ) from None
        if not data:
            raise GuestError(f"{self.server.contestant.name} closed the connection")
        self._waiting += data

    def _take(self, count: int) -> bytes:
        while len(self._waiting) < count:
            self._more()
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        return taken

    def _frame(self) -> bytes:
        while True:
            opcode, length = self._take(2)
            if length > 125:
                length = int.from_bytes(self._take(2 if length == 126 else 8))
            data = self._take(length)
            if opcode & 15 == BINARY:
                return data
            if opcode & 15 == PING:
                self._socket.sendall(bytes([0x80 | PONG, 0x80 | len(data)]) + bytes(4) + data)
            if opcode & 15 == CLOSE:
                raise GuestError(f"{self.server.contestant.name} closed the connection: {data!r}")

    def _hear(self, message: Reader) -> None:
        if self._hocuspocus:
            message.varbytes()
        kind = message.varuint()
        if kind == STATUS and self._hocuspocus:
            self.stored += message.varuint()
        if kind != SYNC:
            return
        step, data = message.varuint(), message.varbytes()
        if step == STEP_1:
            self.sync(STEP_2, EMPTY_UPDATE)
            return
        self.updates.append(data)
        if step == STEP_2:
            self.bytes_of_sync += len(data)

    def text(self) -> str:
        """Give the text that its updates make."""
        return text_of(self.updates)


def text_of(updates: list[bytes]) -> str:
    """Give the text of a note made of updates."""
    document: Doc[Text] = Doc()
    for update in updates:
        try:
            document.apply_update(update)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            raise GuestError(f"what the server sent cannot be read: {error}") from None  # a panic is no Exception
    return str(document.get("content", type=Text))


def finds_text(server: Server, room: str, text: str, seconds: float = 5) -> bool:
    """Tell whether somebody who comes to a note finds that text there, at once or a little later."""
    by = time.perf_counter() + seconds
    with Guest(server, room) as guest:
        guest.until(lambda: guest.synced() and (guest.text() == text or guest.nothing_until(by)))
        return guest.text() == text
