"""The same promises on the fast path and on plain ASGI."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from crdt.errors import ProtocolError
from crdt.messages import AwarenessUpdate, SyncStep1, SyncStep2, Update, decode
from server.websocket import NotesWebSocketProtocol
from stores.errors import Unavailable
from stores.notelog import NoteKey
from tests.crdt.test_presence import ANN, awareness
from tests.crdt.typist import Typist
from tests.server.conftest import Here, close_of, quick, serving, until

PATHS: dict[str, Any] = {"fast": NotesWebSocketProtocol, "plain": WebSocketsSansIOProtocol}


@pytest.fixture(params=list(PATHS.values()), ids=list(PATHS))
async def here(request: pytest.FixtureRequest) -> AsyncIterator[Here]:
    settings = quick(max_message_bytes=200_000, max_queue_bytes=100_000)
    async with serving(settings, ws=request.param) as started:
        yield started


async def sync(client: ClientConnection) -> list[bytes]:
    """Ask for the note and read until it came; the updates on the way."""
    await client.send(SyncStep1(b"\x00").encode())
    updates: list[bytes] = []
    while True:
        for message in decode(await frame(client)):
            if isinstance(message, SyncStep2):
                return [*updates, message.update]
            if isinstance(message, Update):
                updates.append(message.update)


async def frame(client: ClientConnection) -> bytes:
    async with asyncio.timeout(10):
        data = await client.recv(decode=False)
        assert isinstance(data, bytes)
        return data


async def test_two_clients_and_a_third_share_a_note(here: Here) -> None:
    async with here.connect() as ann, here.connect() as ben:
        assert await frame(ann) == SyncStep1(b"\x00").encode()
        await sync(ann)
        await sync(ben)
        update = Typist(1).type("hello")
        await ann.send(Update(update).encode())
        assert await frame(ben) == await frame(ann) == Update(update).encode()
        async with here.connect() as cat:
            assert await sync(cat) == [update]


async def test_a_message_may_come_in_fragments(here: Here) -> None:
    async with here.connect() as ann:
        await sync(ann)
        message = Update(Typist(1).type("hello")).encode()
        await ann.send([message[:3], message[3:9], message[9:]])
        assert await frame(ann) == message


@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        ("text", 1003, "Text frames are not understood here"),
        (["text", "in", "pieces"], 1003, "Text frames are not understood here"),
        (b"\x09", 1002, "Message type 9 is not known here."),
        (b"", 1002, "The message is empty."),
        (Update(b"\xff").encode(), 1007, "The update is cut short."),
        (b"\x00" * 300_000, 1009, ""),
        ([b"\x00" * 150_000, b"\x00" * 150_000], 1009, ""),
    ],
)
async def test_a_bad_message_closes_its_connection_alone(here: Here, data: Any, code: int, reason: str) -> None:
    async with here.connect() as ann, here.connect() as mallory:
        await sync(ann)
        await mallory.send(data)
        closed, why = await close_of(mallory)
        assert closed == code
        assert why is not None
        assert why.startswith(reason)
        update = Typist(1).type("hello")
        await ann.send(Update(update).encode())
        assert await frame(ann) == Update(update).encode()


async def test_who_leaves_is_gone_for_the_others(here: Here) -> None:
    async with here.connect() as ann:
        await frame(ann)
        async with here.connect() as ben:
            await ben.send(AwarenessUpdate(awareness((1, 1, ANN))).encode())
            assert await frame(ann) == AwarenessUpdate(awareness((1, 1, ANN))).encode()
        assert await frame(ann) == AwarenessUpdate(awareness((1, 1, "null"))).encode()


async def test_a_reader_that_stops_is_closed_and_can_come_back(here: Here) -> None:
    typist = Typist(1)
    async with here.connect() as ann, here.connect(max_queue=1) as slow:
        await sync(ann)
        await sync(slow)
        slow.transport.pause_reading()
        given_up = asyncio.Event()
        peer: Any = here.service.hub.open_notes()[0].room.sessions[1].peer
        close = peer.close

        def give_up(error: ProtocolError) -> None:
            given_up.set()
            close(error)

        peer.close = give_up
        while not given_up.is_set():
            await ann.send(Update(typist.type("x" * 50_000)).encode() + Update(typist.delete(0, 50_000)).encode())
            await frame(ann)
        slow.transport.resume_reading()
        closed, why = await close_of(slow)
        assert (closed, why) == (
            1013,
            "This connection reads more slowly than the note changes: reconnect to catch up.",
        )
        async with here.connect() as again:
            assert await sync(again)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/ws/default", "must be /ws/"),
        ("/ws/default/a/b", "written %2F"),
        (f"/ws/default/{'n' * 201}", "1 to 200 characters"),
        ("/ws/default/%00", "control characters"),
        ("/ws/default/?x=1", "this one has 0"),
    ],
)
async def test_a_bad_address_is_refused_before_the_upgrade(here: Here, path: str, sentence: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await here.connect(path)
    assert refused.value.response.status_code == 400
    assert sentence.encode() in (refused.value.response.body or b"")
    assert here.service.hub.open_notes() == []


async def test_percent_encoding_is_undone_once(here: Here) -> None:
    async with here.connect("/ws/a%2Fb/%2525?token=x") as ann:
        await frame(ann)
        assert [note.key for note in here.service.hub.open_notes()] == [NoteKey("a/b", "%25")]


async def test_a_note_that_cannot_be_loaded_is_refused_with_503(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(key: NoteKey) -> None:
        raise Unavailable("The store is away.")

    monkeypatch.setattr(here.service.hub._log, "open_note", fail)
    with pytest.raises(InvalidStatus) as refused:
        await here.connect()
    assert refused.value.response.status_code == 503
    assert refused.value.response.body == b'{"error":"The store is away."}'


async def test_a_handshake_that_is_none_is_refused(here: Here) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
    writer.write(b"GET /ws/default/a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 4")
    writer.close()
    await writer.wait_closed()
    await until(lambda: here.service.hub.open_notes() == [])


async def test_a_connection_that_is_torn_off_leaves_the_room(here: Here) -> None:
    async with here.connect() as ann:
        await frame(ann)
        room = here.service.hub.open_notes()[0].room
        ann.transport.abort()
        await until(lambda: room.sessions == ())
