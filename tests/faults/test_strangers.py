"""Row 23: those who have not shown a token may send little, and not for long."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from crdt.encoding import write_string
from crdt.envelope import PING
from crdt.messages import SyncStep1
from server.access import Access
from tests.faults.raw import STEP_1, auth, guarded, hocuspocus, token
from tests.server.conftest import Here, close_of, serving, until

WRONG = token(Access.WRITE, "another")


@pytest.fixture
async def here() -> AsyncIterator[Here]:
    async with serving(guarded(auth_seconds=0.5)) as started:
        yield started


async def drip(socket: ClientConnection, messages: "itertools.cycle[bytes]") -> int:
    """Send one message after the other, each as soon as the one before is dealt with; how many until it was closed."""
    with contextlib.suppress(ConnectionClosed):
        for count in itertools.count():  # noqa: B007 - it is what is returned
            await socket.send(next(messages))
            await (await socket.ping())
            await asyncio.sleep(0.01)  # a drip, not a flood
    return count


DRIPS = {
    "pings": [PING],
    "steps": [write_string("w/n") + STEP_1],
}


@pytest.mark.parametrize("name", ["pings", "steps"])
async def test_the_deadline_holds_although_something_comes_all_the_time(here: Here, name: str) -> None:
    async with here.connect("/hocuspocus", max_queue=None) as socket:
        assert await drip(socket, itertools.cycle(DRIPS[name])) > 3
        assert (socket.close_code, socket.close_reason) == (4408, "No valid token was shown within 0.5 s.")


async def test_wrong_tokens_do_not_move_the_deadline(here: Here) -> None:
    async with here.connect("/hocuspocus", max_queue=None) as socket:
        await drip(socket, itertools.cycle([write_string("w/n") + auth(WRONG)]))
        assert socket.close_code == 4408


async def test_fragments_do_not_move_the_deadline(here: Here) -> None:
    async def fragments() -> AsyncIterator[bytes]:
        while True:
            yield b"\x00"
            await asyncio.sleep(0.01)

    async with here.connect("/hocuspocus", max_queue=None) as socket:
        with contextlib.suppress(ConnectionClosed):
            await socket.send(fragments())
        assert socket.close_code == 4408


async def test_who_says_nothing_at_all_is_closed(here: Here) -> None:
    async with here.connect("/hocuspocus", max_queue=None) as socket:
        assert (await close_of(socket))[0] == 4408


async def test_who_shows_a_good_token_stays(here: Here) -> None:
    async with here.connect("/hocuspocus") as stranger, hocuspocus(here, "n", token(Access.WRITE)) as writer:
        assert (await close_of(stranger))[0] == 4408
        await writer.say(b"\x03", PING)
        assert writer.socket.close_code is None
        assert len(await writer.heard()) == 2


async def test_a_good_token_for_a_note_that_is_not_there_yet_is_a_good_token(here: Here) -> None:
    async with here.connect("/hocuspocus") as stranger, here.connect("/hocuspocus") as reader:
        await reader.send(write_string("w/not-there") + auth(token(Access.READ)))
        assert (await close_of(stranger))[0] == 4408
        await (await reader.ping())
        assert reader.close_code is None


@pytest.mark.parametrize("documents", [1, 50])
async def test_a_stranger_may_send_64_kibibytes(documents: int) -> None:
    async with serving(guarded()) as here, here.connect("/hocuspocus", max_queue=None) as socket:
        sent = 0
        with contextlib.suppress(ConnectionClosed):
            for number in itertools.count():
                message = write_string(f"w/n{number % documents}") + SyncStep1(bytes(1024)).encode()
                await socket.send(message)
                sent += len(message)
                await (await socket.ping())
        assert socket.close_code == 1008
        assert socket.close_reason == "Too much was sent before a valid token was shown."
        assert 64 * 1024 < sent <= 64 * 1024 + 2 * 1200


async def test_a_stranger_may_name_a_hundred_documents() -> None:
    async with serving(guarded()) as here, here.connect("/hocuspocus", max_queue=None) as socket:
        for number in range(101):
            await socket.send(write_string(f"w/{number}") + b"\x03")
        code, reason = await close_of(socket)
        assert code == 1008
        assert reason is not None
        assert "100 documents" in reason
        assert here.service.hub.open_notes() == []


async def test_what_strangers_leave_behind_is_nothing() -> None:
    """A crowd comes, each sends what it may, and goes or is closed: nothing of them stays."""
    async with serving(guarded(auth_seconds=1)) as here:
        for _ in range(3):
            async with contextlib.AsyncExitStack() as stack:
                crowd = [await stack.enter_async_context(here.connect("/hocuspocus")) for _ in range(50)]
                for number, socket in enumerate(crowd):
                    await socket.send(write_string(f"w/{number}") + SyncStep1(bytes(30_000)).encode())
                    await socket.send(write_string(f"w/{number}") + auth(WRONG))
                for socket in crowd[25:]:
                    assert (await close_of(socket))[0] == 4408
            await until(lambda: not here.server.server_state.connections)
        assert here.service.watch._guests == {}
        assert here.service.hub.open_notes() == []
        assert here.service.hub.slots._slots == {}
