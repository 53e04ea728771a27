from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import InvalidStatus

from crdt.errors import ReadOnly
from crdt.messages import PermissionDenied, QueryAwareness, SyncStep1, Update
from server.access import Access, Grant
from server.ywebsocket import SUBPROTOCOL
from tests.crdt.typist import Typist
from tests.server.conftest import close_of
from tests.server.guests import Guarded, guarded

STEP_1 = SyncStep1(b"\x00").encode()


@pytest.fixture
async def server() -> AsyncIterator[Guarded]:
    async with guarded() as started:
        yield started


async def write(client: ClientConnection, update: bytes) -> None:
    """Write something, and see it come back."""
    await client.send(Update(update).encode())
    while await client.recv() != Update(update).encode():
        pass


async def test_a_token_is_taken_from_the_query_or_the_subprotocols(server: Guarded) -> None:
    token = server.token(Access.WRITE)
    async with server.here.connect(f"/ws/w/n?token={token}") as ann:
        assert ann.subprotocol is None
        await ann.send(STEP_1)
        await write(ann, Typist(1).type("a"))
    async with server.here.connect("/ws/w/n", subprotocols=[SUBPROTOCOL, token]) as ben:
        assert ben.subprotocol == SUBPROTOCOL


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 401), ("?token=", 401), ("?token=nonsense", 401), ("?token={other}", 403), ("?token={reader}", 404)],
)
async def test_who_may_not_is_refused_before_the_upgrade(server: Guarded, query: str, status: int) -> None:
    tokens = {"other": server.token(Access.ADMIN, "x"), "reader": server.token(Access.READ)}
    with pytest.raises(InvalidStatus) as refused:
        async with server.here.connect(f"/ws/w/n{query.format(**tokens)}"):
            pass
    assert refused.value.response.status_code == status
    assert b'"error"' in refused.value.response.body
    assert server.here.service.hub.open_notes() == []


async def test_a_subprotocol_without_a_token_is_no_token(server: Guarded) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with server.here.connect("/ws/w/n", subprotocols=[SUBPROTOCOL]):
            pass
    assert refused.value.response.status_code == 401


async def test_a_reader_that_writes_is_told_and_closed_once(server: Guarded) -> None:
    async with server.here.connect(f"/ws/w/n?token={server.token(Access.WRITE)}") as ann:
        await ann.send(STEP_1)
        await write(ann, Typist(1).type("a"))
        address = f"/ws/w/n?token={server.token(Access.READ)}"
        async with server.here.connect(address) as reader:
            await reader.send(Update(Typist(2).type("!")).encode())
            assert [await reader.recv(), await reader.recv()][1] == PermissionDenied(ReadOnly().reason).encode()
            assert (await close_of(reader))[0] == 4403
        async with server.here.connect(address) as reader:
            await reader.send(Update(Typist(2).type("!")).encode())
            await reader.send(QueryAwareness().encode())
            heard = [await reader.recv() for _ in range(3)]
            assert PermissionDenied(ReadOnly().reason).encode() in heard
        (note,) = server.here.service.hub.open_notes()
        assert note.room.document.text() == "a"


async def test_a_token_that_is_taken_back_ends_the_connection(server: Guarded) -> None:
    issued = server.issue(Grant("w", Access.WRITE))
    async with server.here.connect(f"/ws/w/n?token={issued.token}") as ann:
        await ann.recv()
        await server.take_back(issued)
        assert await ann.recv() == PermissionDenied("The token was taken back: ask for a new one.").encode()
        assert await close_of(ann) == (4401, "The token was taken back: ask for a new one.")


async def test_a_token_that_expires_ends_the_connection(server: Guarded) -> None:
    async with server.here.connect(f"/ws/w/n?token={server.token(Access.WRITE, seconds=60)}") as ann:
        await ann.recv()
        server.pass_time(59)
        await ann.send(STEP_1)
        await ann.recv()
        server.pass_time(2)
        assert (await close_of(ann))[0] == 4401


async def test_a_token_that_is_left_to_read_makes_a_reader(server: Guarded) -> None:
    issued = server.issue(Grant("w", Access.WRITE))
    async with server.here.connect(f"/ws/w/n?token={issued.token}") as ann:
        await ann.send(STEP_1)
        await write(ann, Typist(1).type("a"))
        await server.take_back(issued, "read")
        await ann.send(Update(Typist(2).type("b")).encode())
        assert (await close_of(ann))[0] == 4403
        (note,) = server.here.service.hub.open_notes()
        assert note.room.document.text() == "a"
