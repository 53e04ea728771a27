import asyncio
import logging
import signal
import socket

import pytest

from crdt.messages import SyncStep1, Update
from server.runner import NotesServer, listen
from stores.errors import Unavailable
from stores.notelog import NoteKey
from tests.crdt.typist import Typist
from tests.server.conftest import Here, close_of, quick, serving, until


def test_a_port_that_is_taken_is_an_error_before_anything_starts() -> None:
    with listen("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            listen("127.0.0.1", taken.getsockname()[1])


def test_ipv6_is_listened_on_too() -> None:
    with listen("::1", 0) as sock:
        assert sock.family is socket.AF_INET6


async def test_a_stop_commits_and_acknowledges_and_then_says_going_away() -> None:
    update = Typist(1).type("the last word")
    async with serving(quick()) as here:
        async with here.connect() as ann, here.connect() as ben:
            for client in (ann, ben):
                await client.send(SyncStep1(b"\x00").encode())
                assert [await client.recv(), await client.recv()]
            await ann.send(Update(update).encode())
            assert await ben.recv() == Update(update).encode()
            here.server.should_exit = True
            assert await ann.recv() == Update(update).encode()
            assert await close_of(ann) == (1001, "The server is stopping: reconnect in a moment.")
            assert (await close_of(ben))[0] == 1001
        await here.stopped
        stored = await here.service.hub._log.read(NoteKey("default", "spec"))
        assert stored.rows or stored.snapshot


async def test_a_stop_does_not_wait_for_ever_for_a_store_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(batch: object) -> None:
        raise Unavailable("The store is away.")

    async with serving(quick(shutdown_seconds=1.0)) as here:
        monkeypatch.setattr(here.service.hub._log, "append", away)
        async with here.connect() as ann:
            await ann.send(SyncStep1(b"\x00").encode())
            assert [await ann.recv(), await ann.recv()]
            await ann.send(Update(Typist(1).type("x")).encode())
            await until(lambda: here.service.hub.journal.waiting == 1)
            here.server.should_exit = True
            assert (await close_of(ann))[0] == 1001
        await here.stopped
    assert "Stopped with 1 notes not committed: the store did not answer." in caplog.messages


async def test_plain_http_connections_do_not_stand_in_the_way_of_a_stop(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    async with serving(quick()) as here:
        _, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(b"GET /ws/default/a HTTP/1.1\r\nHost: x\r\n")
        await writer.drain()
        here.server.should_exit = True
        async with asyncio.timeout(10):
            await here.stopped
        writer.close()
    assert caplog.messages == []


async def test_the_first_signal_stops_and_the_second_interrupt_does_so_at_once(here: Here) -> None:
    server = NotesServer(here.service)
    server.handle_exit(signal.SIGINT, None)
    assert server.should_exit
    assert not server.force_exit
    server.handle_exit(signal.SIGTERM, None)
    assert not server.force_exit
    server.handle_exit(signal.SIGINT, None)
    assert server.force_exit
