"""One unmodified JavaScript client, of y-websocket or Hocuspocus, driven from Python."""

import base64
import contextlib
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NotRequired, Self, TypedDict, Unpack, cast

from tests.interop.node import JavaScriptError, NodeProcess, run_node

_numbers = itertools.count(1)


class Close(TypedDict):
    """A close frame that the client received."""

    code: int
    reason: str


class Status(TypedDict):
    """What one client knows of itself; ``frames`` and ``bytes`` count all that the server ever sent to it."""

    clientId: int
    clock: int
    acknowledged: int
    connected: bool
    synced: bool
    saved: bool
    connections: int
    frames: int
    bytes: int
    closes: list[Close]
    errors: list[str]
    people: list[str]
    awarenessEchoed: bool
    denied: list[str]
    refused: int
    asked: int
    stateless: list[str]
    scope: str | None


class WordLedger(TypedDict):
    """The acknowledged words of a scribbling client: those that must be in the note, and those that must not be."""

    clientId: int
    acknowledged: int
    written: int
    kept: list[str]
    deleted: list[str]


class Conditions(TypedDict):
    """What to wait for; several together must hold at the same moment."""

    text: NotRequired[str]
    contains: NotRequired[str]
    length: NotRequired[int]
    stateVector: NotRequired[Mapping[int, int]]
    echoed: NotRequired[Mapping[int, int]]
    synced: NotRequired[bool]
    connected: NotRequired[bool]
    acknowledged: NotRequired[bool]
    awarenessEchoed: NotRequired[bool]
    people: NotRequired[Sequence[str]]
    closes: NotRequired[int]
    errors: NotRequired[int]
    written: NotRequired[int]
    connections: NotRequired[int]
    saved: NotRequired[bool]
    scope: NotRequired[str]
    asked: NotRequired[int]
    denied: NotRequired[int]
    refused: NotRequired[int]
    stateless: NotRequired[str]


class Replay(TypedDict):
    """The outcome of ``replay.mjs``; ``acknowledged`` maps a client id to the clock that came back."""

    edits: int
    seconds: float
    editsPerSecond: int
    textsEqual: bool
    acknowledged: dict[str, int]


class JavaScriptClient:
    """One client in one note: a ``Y.Doc`` whose text is ``content``, and the unmodified provider."""

    def __init__(
        self,
        process: NodeProcess,
        url: str,
        room: str,
        *,
        version: str = "3",
        awareness: bool = True,
        synced: bool = True,
        **options: object,
    ) -> None:
        """Prepare a client of ``room`` (as it stands in the URL) with the provider of ``version`` ("1.5" or "3").

        Entering the context opens it, and with ``synced`` waits for the server's step 2. ``client_id`` is its Yjs id.
        Further options are those of ``note.mjs``: ``token``, and ``subprotocols`` to show it there.
        """
        self.client_id = 0
        self._process = process
        self.name = f"client {next(_numbers)}"
        self._synced = synced
        self._options = {"url": url, "room": room, "version": version, "awareness": awareness} | options

    async def __aenter__(self) -> Self:
        """Open the client."""
        self.client_id = await self._call("open", **self._options)
        if self._synced:
            try:
                await self.wait(synced=True)
            except BaseException:
                await self._call("close")
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the client; a process that has ended took it along."""
        with contextlib.suppress(JavaScriptError):
            await self._call("close")

    async def _call(self, method: str, **params: object) -> Any:
        return await self._process.call(method, self.name, **params)

    async def insert(self, text: str, index: int | None = None) -> None:
        """Insert ``text`` at ``index`` (UTF-16 units), or at the end."""
        await self._call("insert", text=text, index=index)

    async def delete(self, index: int, length: int) -> None:
        """Delete ``length`` UTF-16 units at ``index``."""
        await self._call("delete", index=index, length=length)

    async def replace(self, text: str) -> None:
        """Delete everything and insert ``text``, in one transaction."""
        await self._call("replace", text=text)

    async def type(self, text: str, index: int | None = None, *, after: str | None = None) -> None:
        """Insert ``text`` one code point at a time, at an index, behind a quotation, or else at the end.

        The cursor moves with what others type.
        """
        place = {"index": index, "after": after}
        await self._call("type", text=text, **{name: value for name, value in place.items() if value is not None})

    async def text(self) -> str:
        """Return the text that the client sees."""
        return cast("str", await self._call("text"))

    async def wait(self, seconds: float = 10, **conditions: Unpack[Conditions]) -> None:
        """Wait until all conditions hold together; JavaScriptError after ``seconds``, telling the client's state."""
        await self._call("wait", seconds=seconds, conditions=conditions)

    async def set_awareness(self, state: Mapping[str, object] | None) -> None:
        """Set the local awareness state; None removes it."""
        await self._call("set_awareness", state=state)

    async def awareness(self) -> dict[int, dict[str, Any]]:
        """Return everybody's awareness state by client id, as this client knows it."""
        states: dict[str, dict[str, Any]] = await self._call("awareness")
        return {int(client_id): state for client_id, state in states.items()}

    async def disconnect(self) -> None:
        """Close the connection and stay offline; the document stays."""
        await self._call("disconnect")

    async def reconnect(self) -> None:
        """Connect again, without waiting for it."""
        await self._call("reconnect")

    async def renew(self, token: str) -> None:
        """Show another token from now on: in band, or with a new provider for the same document."""
        await self._call("renew", token=token)

    async def apply_update(self, update: bytes) -> None:
        """Apply a raw update as if it were typed here."""
        await self._call("apply_update", update=base64.b64encode(update).decode())

    async def encode_state(self) -> bytes:
        """Return the whole document as one update."""
        return base64.b64decode(await self._call("encode_state"))

    async def state_vector(self) -> dict[int, int]:
        """Return the clock of every client id in the document."""
        clocks: dict[str, int] = await self._call("state_vector")
        return {int(client_id): clock for client_id, clock in clocks.items()}

    async def status(self) -> Status:
        """Return the client's own account of its state and of what it received."""
        return cast("Status", await self._call("status"))

    async def scribble(self, name: str) -> None:
        """Start to write and delete words beginning with ``name``, as fast as acknowledgements come."""
        await self._call("scribble", name=name)

    async def ledger(self) -> WordLedger:
        """Return the words acknowledged so far."""
        return cast("WordLedger", await self._call("ledger"))

    async def stop_scribbling(self) -> WordLedger:
        """Stop, and return the words acknowledged so far."""
        return cast("WordLedger", await self._call("stop_scribbling"))


class HocuspocusClient(JavaScriptClient):
    """The same with a Hocuspocus provider."""

    def __init__(
        self,
        process: NodeProcess,
        url: str,
        room: str,
        *,
        version: str = "4",
        awareness: bool = True,
        synced: bool = True,
        beside: "HocuspocusClient | None" = None,
        **options: object,
    ) -> None:
        """Prepare a client with the provider of ``version`` ("2", "3" or "4"), alone on its socket or beside another.

        Further options are those of ``editor.mjs``: ``token``, ``tokens`` (the provider asks for one after the other,
        and for the last again and again), and ``sessionAwareness``.
        """
        more = options if beside is None else options | {"beside": beside.name}
        super().__init__(
            process, url, room, version=version, awareness=awareness, synced=synced, hocuspocus=True, **more
        )

    async def reattach(self) -> None:
        """Let go of the document, and open it again on the same socket."""
        await self._call("reattach")

    async def send_stateless(self, payload: str) -> None:
        """Send a stateless message."""
        await self._call("stateless", payload=payload)


async def replay(trace: Path, url: str, room: str, *, version: str = "3", seconds: float = 120) -> Replay:
    """Replay a two-person trace with ``replay.mjs``; JavaScriptError when it does not end well within ``seconds``."""
    outcome = await run_node("replay.mjs", trace=trace, url=url, room=room, version=version, seconds=seconds)
    return cast("Replay", outcome)
