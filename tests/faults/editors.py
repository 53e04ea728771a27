"""People who write words over either protocol, lose their connections, come back, and keep a ledger."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

import pycrdt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from crdt import statevector
from crdt.sections import read_sections
from crdt.updates import scan
from tests.faults.ledger import Broken, Fate
from tests.faults.world import WILD, World
from tests.interop.pycrdt_client import STEP_1, STEP_2, SYNC, UPDATE, Reader, varbytes

AUTH, CLOSE, SYNC_STATUS = 2, 7, 8
DENIED = 1
GONE = {4404, 4409}
"""The note was deleted: what is held of it is worth nothing any more."""


async def send(socket: ClientConnection, frame: bytes) -> None:
    """Send a frame; an OSError when the connection is lost, whatever websockets stumbles over then."""
    try:
        await socket.send(frame)
    except AttributeError as error:
        raise ConnectionError from error


class Editor(ABC):
    """One replica of one note."""

    def __init__(self, world: World, name: str, note: str) -> None:
        self.name, self.note = name, note
        self.closes: Counter[int] = Counter()
        self.away, self.synced, self.gone = True, False, False
        self.ledger = world.ledger(note)
        self.document: pycrdt.Doc[Any] = pycrdt.Doc()
        self.content = self.document.get("content", type=pycrdt.Text)
        self._world = world
        self._chance = world.chance(name)
        self._waiting: deque[tuple[int, str]] = deque()  # words that are not acknowledged: the clock behind each
        self._leaving: dict[str, tuple[int, int]] = {}  # words whose deletion is not, and their clocks
        self._places: dict[str, tuple[int, int]] = {}
        self._answered = asyncio.Event()
        """Whether the server was told all that was written before this connection: what follows is complete there."""
        world.residents.add(self)

    @property
    def text(self) -> str:
        """What this replica shows."""
        return str(self.content)

    @property
    def state(self) -> dict[int, int]:
        """What this replica has."""
        return statevector.decode(self.document.get_state())

    @property
    def clock(self) -> int:
        """How much was written here."""
        return self.state.get(self.document.client_id, 0)

    async def live(self) -> None:
        """Come and go, and write, until everybody goes or the note is gone; stay at the end."""
        try:
            while not self._world.done.is_set() and not self.gone:
                await self._world.gate.wait()
                self.away = self.synced = False
                try:
                    await self.visit()
                finally:
                    self.away = True
                await self._be_offline()
        finally:
            self._world.residents.discard(self)

    async def _be_offline(self) -> None:
        if self._chance.random() < 0.2 and not self._world.over.is_set():
            self._world.counts["offline"] += 1
            for _ in range(self._chance.randint(1, 10)):
                self._edit()
            await self._world.pause(self._chance.uniform(0.1, 3))
        await asyncio.sleep(self._chance.uniform(0.02, 0.2))

    async def visit(self) -> None:
        """Be connected until somebody has enough."""
        self._world.counts["connections"] += 1
        with contextlib.suppress(OSError, WebSocketException, TimeoutError, EOFError):
            async with connect(self._url(), compression=None, max_size=None, ping_interval=None, close_timeout=1) as to:
                await self._converse(to)

    async def _converse(self, socket: ClientConnection) -> None:
        self.synced = False
        self._answered.clear()
        self._begin()
        reading = asyncio.create_task(self._read(socket))
        writing = asyncio.create_task(self._write(socket))
        try:
            await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            writing.cancel()
            await asyncio.gather(socket.close(), writing, return_exceptions=True)
        await reading
        if socket.close_code is not None:
            self.closes[socket.close_code] += 1
            self.gone = self.gone or socket.close_code in GONE

    async def _read(self, socket: ClientConnection) -> None:
        with contextlib.suppress(WebSocketException):
            async for frame in socket:
                assert isinstance(frame, bytes)
                answer = self._hear(Reader(frame))
                if answer is not None:
                    await send(socket, answer)
                    self._answered.set()
                if self.gone:
                    return

    async def _write(self, socket: ClientConnection) -> None:
        """Write for a while, then go; once it is over, say nothing more and stay."""
        for message in self._hello():
            await send(socket, message)
        await self._answered.wait()
        for _ in range(self._chance.randint(5, 400)):
            if self._world.over.is_set():
                await self._world.done.wait()
                return
            with self._subscribed() as made:
                self._edit()
            for update in made:
                await send(socket, self._update(update))
            await asyncio.sleep(self._chance.choice((0, 0.005, 0.05, 0.2)))

    @contextlib.contextmanager
    def _subscribed(self) -> Iterator[list[bytes]]:
        """Gather the updates that a provider would send: what is done here, and nothing that was done before."""
        made: list[bytes] = []
        subscription = self.document.observe(lambda event: made.append(event.update))
        try:
            yield made
        finally:
            self.document.unobserve(subscription)

    def _edit(self) -> None:
        """Write a word, or take one back."""
        own = [word for word, fate in self.ledger.fates.items() if fate in (Fate.SENT, Fate.SAVED)]
        if self.note != WILD and len(own) > 5 and self._chance.random() < 0.25:
            # The last one, as an undo does, or any.
            self._delete(own[-1] if self._chance.random() < 0.5 else self._chance.choice(own))
        elif len(own) < 400:
            self._insert(f"<{self.name}.{len(self.ledger.fates)}>")

    def _insert(self, word: str) -> None:
        data, start = self.text.encode(), self.clock
        # Behind a word, so that none is cut in two; where adversaries put things that are no text, at the start.
        behind = 0 if self.note == WILD or not data else data.find(b"> ", self._chance.randrange(len(data))) + 2
        self.content.insert(behind if behind > 1 else 0, f"{word} ")
        self._places[word] = (start, self.clock)
        self._waiting.append((self.clock, word))
        self.ledger.wrote(word)
        self._world.counts["words"] += 1

    def _delete(self, word: str) -> None:
        at = self.text.encode().find(f"{word} ".encode())
        if at < 0:
            raise Broken("replicas lose nothing", f"{word} of {self.name} is not in its own replica of {self.note}")
        del self.content[at : at + len(word) + 1]
        self.ledger.deletes(word)
        self._leaving[word] = self._places[word]
        self._world.counts["deletions"] += 1

    def _sync(self, message: Reader) -> bytes | None:
        """Take what stands behind the type of a sync message; the answer, if there is one."""
        step, data = message.varuint(), message.varbytes()
        if step == STEP_1:
            return bytes([SYNC, STEP_2]) + varbytes(self.document.get_update(data))
        try:
            self.document.apply_update(data)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise Broken("what reaches a client is well-formed", f"{self.name} in {self.note}: {error!r}") from error
        self.synced = self.synced or step == STEP_2
        if step == UPDATE:
            self._updated(data)
        return None

    def _acknowledge(self, clock: int) -> None:
        while self._waiting and self._waiting[0][0] <= clock:
            self.ledger.saved(self._waiting.popleft()[1])
            self._world.counts["acknowledged"] += 1

    def _acknowledge_deletion(self, word: str) -> None:
        if self._leaving.pop(word, None) is not None:
            self.ledger.deleted(word)
            self._world.counts["acknowledged"] += 1

    @abstractmethod
    def _url(self) -> str: ...

    @abstractmethod
    def _hello(self) -> list[bytes]: ...

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _hear(self, message: Reader) -> bytes | None: ...

    @abstractmethod
    def _update(self, update: bytes) -> bytes: ...

    @abstractmethod
    def _updated(self, update: bytes) -> None: ...


class YWebsocketEditor(Editor):
    """To whom its own update coming back is the acknowledgement."""

    def _url(self) -> str:
        return f"{self._world.server.ws_url}/{self.note}"

    def _begin(self) -> None:
        """Do nothing: what is not acknowledged yet may still come back."""

    def _hello(self) -> list[bytes]:
        return [bytes([SYNC, STEP_1]) + varbytes(self.document.get_state())]

    def _hear(self, message: Reader) -> bytes | None:
        return self._sync(message) if message.varuint() == SYNC else None

    def _update(self, update: bytes) -> bytes:
        return bytes([SYNC, UPDATE]) + varbytes(update)

    def _updated(self, update: bytes) -> None:
        mine = self.document.client_id
        self._acknowledge(scan(update, {}).ends.get(mine, 0))
        if self._leaving:
            ranges = [(first, first + length) for client, first, length in read_sections(update)[1] if client == mine]
            for word, (start, end) in list(self._leaving.items()):
                if any(first <= start and end <= last for first, last in ranges):
                    self._acknowledge_deletion(word)


class HocuspocusEditor(Editor):
    """To whom one sync status is sent for each change, in their order."""

    def __init__(self, world: World, name: str, note: str) -> None:
        super().__init__(world, name, note)
        self._address = varbytes(note.encode())
        self._changes: deque[tuple[int, tuple[str, ...]]] = deque()

    def _url(self) -> str:
        return self._world.server.hocuspocus_url

    def _begin(self) -> None:
        self._changes.clear()

    def _hello(self) -> list[bytes]:
        step = bytes([SYNC, STEP_1]) + varbytes(self.document.get_state())
        return [self._address + bytes([AUTH, 0]) + varbytes(b"any"), self._address + step]

    def _counted(self, message: bytes) -> bytes:
        self._changes.append((self.clock, tuple(self._leaving)))
        return self._address + message

    def _hear(self, message: Reader) -> bytes | None:
        if message.varbytes() != self._address[1:]:
            raise Broken("messages name their note", f"{self.name} heard of another note than {self.note}")
        kind = message.varuint()
        if kind == SYNC:
            answer = self._sync(message)
            return None if answer is None else self._counted(answer)
        if kind == SYNC_STATUS:
            self._status(stored=message.varuint() == 1)
        # Denied while the store is away, it comes back; once the note is gone, it does not.
        self.gone = self.gone or kind == CLOSE
        if kind == AUTH and message.varuint() == DENIED:
            raise OSError("denied")
        return None

    def _status(self, *, stored: bool) -> None:
        if not self._changes:
            raise Broken("one sync status a change", f"{self.name} in {self.note} got one more than it sent changes")
        clock, leaving = self._changes.popleft()
        if not stored:
            raise Broken("a writer may write", f"a change of {self.name} in {self.note} was refused")
        self._acknowledge(clock)
        for word in leaving:
            self._acknowledge_deletion(word)

    def _update(self, update: bytes) -> bytes:
        return self._counted(bytes([SYNC, UPDATE]) + varbytes(update))

    def _updated(self, update: bytes) -> None:
        """Do nothing: what comes back is others'."""
