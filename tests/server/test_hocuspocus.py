import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect

from crdt.encoding import write_string
from crdt.envelope import PING, PONG, STORED, authenticated, closed, open_envelope
from crdt.errors import NoteGone
from crdt.messages import AwarenessUpdate, Message, SyncStep1, SyncStep2, Update, decode
from stores.errors import Unavailable
from stores.notelog import NoteKey
from tests.crdt.test_presence import ANN, awareness
from tests.crdt.typist import Typist
from tests.server.conftest import Here, close_of, quick, serving, until

AUTH = b"\x02\x00" + write_string("token")


class Editor:
    """A raw Hocuspocus client with one document on its socket, or several."""

    def __init__(self, socket: ClientConnection, name: str = "w/n") -> None:
        self.socket = socket
        self.address = write_string(name)

    async def say(self, *messages: bytes) -> None:
        for message in messages:
            await self.socket.send(self.address + message)

    async def hear(self) -> bytes:
        """The next message about this document, without its address."""
        async with asyncio.timeout(10):
            frame = await self.socket.recv(decode=False)
        assert isinstance(frame, bytes)
        assert frame.startswith(self.address)
        return frame[len(self.address) :]

    async def sync(self) -> Message:
        """Open the document as a provider does; what the server has of it."""
        await self.say(AUTH, SyncStep1(b"\x00").encode())
        assert await self.hear() == authenticated()
        while True:
            (message,) = decode(await self.hear())
            if isinstance(message, SyncStep2):
                return message


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    async with serving(quick(max_queue_bytes=5_000)) as started:
        yield started


def dial(here: Here, path: str = "/hocuspocus") -> connect:
    return here.connect(path)


async def test_two_protocols_share_a_note(here: Here) -> None:
    async with dial(here) as socket, here.connect("/ws/w/n") as ben:
        ann = Editor(socket)
        await ann.sync()
        await ben.send(SyncStep1(b"\x00").encode())
        assert [await ben.recv(), await ben.recv()]
        first, second = Typist(1).type("from ann"), Typist(2).type("from ben")
        await ann.say(Update(first).encode())
        assert await ben.recv() == Update(first).encode()
        assert await ann.hear() == STORED
        await ben.send(Update(second).encode())
        assert await ann.hear() == Update(second).encode()


async def test_existing_awareness_comes_before_the_server_asks(here: Here) -> None:
    async with dial(here) as first, dial(here, "/hocuspocus/") as second:
        ann, ben = Editor(first), Editor(second)
        await ann.sync()
        await ann.say(AwarenessUpdate(awareness((1, 1, ANN))).encode())
        await ann.hear()
        await ben.say(AUTH)
        assert await ben.hear() == authenticated()
        assert await ben.hear() == AwarenessUpdate(awareness((1, 1, ANN))).encode()
        assert await ben.hear() == SyncStep1(b"\x00").encode()


async def test_a_client_without_a_token_just_begins(here: Here) -> None:
    async with dial(here) as socket:
        ann = Editor(socket)
        await ann.say(SyncStep1(b"\x00").encode())
        assert [await ann.hear(), await ann.hear()] == [SyncStep1(b"\x00").encode(), SyncStep2(b"\x00\x00").encode()]
        await ann.say(AUTH)
        assert await ann.hear() == authenticated()


async def test_many_documents_and_one_of_them_twice_on_one_socket(here: Here) -> None:
    async with dial(here) as socket:
        editors = [Editor(socket, name) for name in ("w/n\0one", "w/n\0two", "w/other", "alone")]
        for editor in editors:
            await editor.sync()
        keys = {note.key for note in here.service.hub.open_notes()}
        assert keys == {NoteKey("w", "n"), NoteKey("w", "other"), NoteKey("default", "alone")}
        update = Typist(1).type("a")
        await editors[0].say(Update(update).encode())
        assert await editors[1].hear() == Update(update).encode()
        assert await editors[0].hear() == STORED


async def test_a_document_can_be_left_and_opened_again(here: Here) -> None:
    async with dial(here) as socket:
        ann = Editor(socket)
        await ann.say(b"\x07")
        await ann.sync()
        (note,) = here.service.hub.open_notes()
        await ann.say(b"\x07")
        await until(lambda: note.room.sessions == ())
        await ann.sync()
        assert len(note.room.sessions) == 1
    await until(lambda: note.room.sessions == ())
    assert note.users == 0


async def test_stateless_messages_reach_the_others(here: Here) -> None:
    async with dial(here) as first, dial(here) as second:
        ann, ben = Editor(first), Editor(second)
        await ann.sync()
        await ben.sync()
        await ann.say(b"\x05" + write_string("hi"))
        assert await ben.hear() == b"\x05" + write_string("hi")


async def test_a_ping_is_answered(here: Here) -> None:
    async with dial(here) as socket:
        await socket.send(PONG)
        await socket.send(PING)
        assert await socket.recv() == PONG


async def test_a_name_that_is_none_is_denied_and_the_socket_stays(here: Here) -> None:
    async with dial(here) as socket:
        bad = Editor(socket, "w/" + "n" * 201)
        await bad.say(AUTH)
        assert (await bad.hear()).startswith(b"\x02\x01")
        await Editor(socket).sync()


async def test_a_note_that_is_gone_closes_its_document_alone(here: Here) -> None:
    async with dial(here) as socket:
        ann, other = Editor(socket), Editor(socket, "w/other")
        await ann.sync()
        await other.sync()
        await here.service.hub.close_note(NoteKey("w", "n"), NoteGone())
        assert await ann.hear() == closed(NoteGone().reason)
        await other.say(b"\x03")
        assert (await other.hear())[0] == 1


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("text", 1003),
        (b"", 1002),
        (write_string("w/n") + b"\x04", 1002),
        (write_string("w/n") + b"\x02\x07", 1002),
        (write_string("w/n") + Update(b"\xff").encode(), 1007),
        (write_string("w/n") + b"\x05\x09", 1002),
        (write_string("w/n") + b"\x00\x00" + write_string("x" * 6_000), 1008),
    ],
)
async def test_a_bad_message_closes_its_connection_alone(here: Here, frame: bytes | str, code: int) -> None:
    async with dial(here) as socket, dial(here) as mallory:
        ann = Editor(socket)
        await ann.sync()
        await mallory.send(frame)
        closed_with, reason = await close_of(mallory)
        assert closed_with == code
        assert reason
        await ann.say(Update(Typist(1).type("a")).encode())
        assert await ann.hear() == STORED


@pytest.mark.parametrize("message", [b"\x02\x07", b"\x05\x09"])
async def test_a_bad_message_in_an_open_document_does_so_too(here: Here, message: bytes) -> None:
    async with dial(here) as socket:
        ann = Editor(socket)
        await ann.sync()
        await ann.say(message)
        assert (await close_of(socket))[0] == 1002


async def test_too_many_documents_are_refused() -> None:
    async with serving(quick(max_documents=1)) as here, dial(here) as socket:
        await Editor(socket).sync()
        await Editor(socket, "w/other").say(AUTH)
        assert await close_of(socket) == (1008, "One connection may have at most 1 documents open.")


async def test_a_store_that_is_away_closes_the_connection_for_now(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(key: NoteKey) -> None:
        raise Unavailable("The store is away.")

    monkeypatch.setattr(here.service.hub._log, "open_note", fail)
    async with dial(here) as socket:
        await Editor(socket).say(AUTH)
        assert await close_of(socket) == (1013, "The store is away.")


async def test_a_silent_connection_hears_something_now_and_then(here: Here) -> None:
    async with dial(here) as socket:
        ann = Editor(socket)
        await ann.sync()
        here.service.hub.tick()
        here.service.hub.tick()
        assert await ann.hear() == AwarenessUpdate(b"\x00").encode()
        assert open_envelope(ann.address + b"\x03").name == "w/n"


async def test_what_waits_in_all_documents_together_is_bounded(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    never = asyncio.Event()

    async def wait(key: NoteKey) -> None:
        await never.wait()

    monkeypatch.setattr(here.service.hub._log, "open_note", wait)
    async with dial(here) as socket:
        for name in ("w/a", "w/b"):
            await Editor(socket, name).say(AUTH, b"\x00\x00" + write_string("x" * 3_000))
        assert (await close_of(socket))[0] == 1008
