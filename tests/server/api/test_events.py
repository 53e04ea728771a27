"""The stream of events with real clients: what they are sent, and what becomes of them."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from crdt.messages import SyncStep1, Update
from server.api import events as events_module
from server.events import Events
from server.service import Service
from tests.crdt.typist import Typist
from tests.server.conftest import Here, quick, serving, until

PATH = "/api/notes/events"


@dataclass
class Message:
    """One message of a stream."""

    data: dict[str, Any] | None = None
    id: str | None = None
    comments: list[str] = field(default_factory=list)


class Listener:
    """A client that reads a stream message by message."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def message(self) -> Message:
        """Read up to the next empty line; raises StopAsyncIteration when the stream has ended."""
        read = Message()
        async with asyncio.timeout(10):
            while line := await anext(self._lines):
                name, _, value = line.partition(":")
                if name == "data":
                    read.data = json.loads(value)
                elif name == "id":
                    read.id = value.strip()
                else:
                    assert name == "", line
                    read.comments.append(value.strip())
        return read

    async def data(self) -> dict[str, Any]:
        """Give the next message that is an event."""
        while (message := await self.message()).data is None:
            pass
        return message.data

    async def ended(self) -> bool:
        """Whether the stream has ended by the book, once what is left of it is read."""
        with contextlib.suppress(StopAsyncIteration):
            while True:
                await self.message()
        return True


@contextlib.asynccontextmanager
async def listening(here: Here, last_id: str | None = None, **query: str) -> AsyncIterator[Listener]:
    """A client that has asked for the stream."""
    headers = {} if last_id is None else {"Last-Event-ID": last_id}
    async with here.client() as client, client.stream("GET", PATH, params=query, headers=headers) as response:
        assert response.status_code == 200
        yield Listener(response)


def publish(here: Here, note: str, workspace: str = "default") -> None:
    here.service.events.publish("created", workspace, note, "agent", {"id": note})


async def test_a_stream_begins_with_connected_and_goes_on_with_what_happens(here: Here) -> None:
    async with listening(here) as listener:
        assert listener.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert listener.response.headers["cache-control"] == "no-store"
        first = await listener.data()
        assert set(first) == {"type", "connectionId", "workspaceId", "timestamp"}
        assert (first["type"], first["workspaceId"]) == ("connected", "*")
        here.service.events.publish(
            "created", "default", "n", "agent", {"id": "n", "content": "a\n\r\nb\u2028\u2029\x85 😀"}
        )
        event = await listener.data()
        assert event.pop("timestamp").endswith("Z")
        assert event == {
            "type": "note:created",
            "noteId": "n",
            "workspaceId": "default",
            "source": "agent",
            "note": {"id": "n", "content": "a\n\r\nb\u2028\u2029\x85 😀"},
        }


async def test_a_stream_may_be_without_the_texts(here: Here) -> None:
    async with listening(here, content="false") as listener:
        assert (await listener.data())["type"] == "connected"
        here.service.events.publish("created", "default", "n", "agent", {"id": "n", "content": "long"})
        assert (await listener.data())["note"] == {"id": "n"}
        here.service.events.publish("deleted", "default", "n", "agent")
        assert "note" not in await listener.data()


async def test_a_stream_may_be_of_one_workspace(here: Here) -> None:
    async with listening(here, workspaceId="w") as listener:
        assert (await listener.data())["workspaceId"] == "w"
        publish(here, "theirs", "v")
        publish(here, "ours", "w")
        assert (await listener.data())["noteId"] == "ours"


async def test_a_client_that_was_cut_off_comes_back_and_misses_nothing(here: Here) -> None:
    async with listening(here) as listener:
        await listener.data()
        publish(here, "a")
        last = (await listener.message()).id
    await until(lambda: here.service.events.subscribers == 0)
    for name in "bc":
        publish(here, name)
    async with listening(here, last) as listener:
        connected = await listener.message()
        assert connected.id == last
        assert connected.data is not None
        assert "missed" not in connected.data
        publish(here, "d")
        assert [(await listener.data())["noteId"] for _ in "bcd"] == ["b", "c", "d"]


async def test_a_client_of_an_earlier_server_is_told_that_it_missed_something(here: Here) -> None:
    earlier = Events(here.service.clock).subscribe().greeting.id
    async with listening(here, earlier) as listener:
        assert (await listener.data())["missed"] is True


async def test_a_silent_stream_is_kept_alive_and_its_place_kept(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_module, "HEARTBEAT", 0.01)
    async with listening(here, workspaceId="w") as listener:
        first = await listener.message()
        for _ in range(3):
            publish(here, "theirs", "v")
        expected = here.service.events.id_of(3)
        while (beat := await listener.message()).id != expected:
            assert beat.id == first.id
        assert (beat.comments, beat.data) == (["ping"], None)


async def test_a_client_that_goes_away_is_forgotten(here: Here) -> None:
    async with listening(here) as listener:
        await listener.data()
        assert here.service.events.subscribers == 1
    await until(lambda: here.service.events.subscribers == 0)


async def test_a_client_that_does_not_read_is_dropped_and_the_others_are_not(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_module, "LINGER", 0.01)
    monkeypatch.setattr(here.service.events, "_most_events", 5)
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port, limit=1024)
    writer.write(f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    async with listening(here) as listener:
        await listener.data()
        await until(lambda: here.service.events.subscribers == 2)
        sent = 0
        async with asyncio.timeout(60):
            while here.service.events.subscribers == 2:
                here.service.events.publish("updated", "w", str(sent), "user", {"content": "x" * 200_000})
                assert (await listener.data())["noteId"] == str(sent)
                sent += 1
        assert sent > 5
        # The server has let go of it: what was on its way can still be read, and then the connection is closed.
        await until(lambda: len(here.server.server_state.tasks) == 1)
        received = 0
        async with asyncio.timeout(10):
            while chunk := await reader.read(1 << 20):
                received += len(chunk)
        assert received < sent * 200_000
        publish(here, "still there")
        assert (await listener.data())["noteId"] == "still there"
    writer.close()


async def test_a_stop_of_the_server_ends_the_streams_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """Uvicorn alone would wait for them, for twelve of these 60 seconds."""
    async with (
        serving(quick(shutdown_seconds=60.0)) as here,
        listening(here) as one,
        listening(here, workspaceId="w") as other,
    ):
        for listener in (one, other):
            await listener.data()
        here.server.should_exit = True
        async with asyncio.timeout(6):
            assert await one.ended()
            assert await other.ended()
            await here.stopped
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_stop_does_not_wait_for_a_client_that_does_not_read() -> None:
    async with serving(quick(shutdown_seconds=60.0)) as here:
        _, writer = await asyncio.open_connection("127.0.0.1", here.port, limit=1024)
        writer.write(f"GET {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await until(lambda: here.service.events.subscribers == 1)
        (subscription,) = here.service.events._subscriptions
        for number in range(100):
            here.service.events.publish("updated", "w", "n", "user", {"content": "x" * 150_000})
            if number % 10 == 0:
                await asyncio.sleep(0)
        here.server.should_exit = True
        async with asyncio.timeout(6):
            await until(lambda: subscription.closed)
            await until(lambda: not here.server.server_state.tasks)
        writer.transport.abort()
        await here.stopped


@dataclass
class Timer:
    """A timer that only the test moves."""

    calls: list[Callable[[], None]] = field(default_factory=list)

    def later(self, seconds: float, call: Callable[[Any], None], key: Any) -> "Timer":
        assert seconds == 1.0
        self.calls.append(lambda: call(key))
        return self

    def cancel(self) -> None:
        self.calls.clear()

    async def a_second_passes(self, service: Service) -> None:
        await until(lambda: not service.typing._tasks)
        calls, self.calls = self.calls, []
        for call in calls:
            call()
        await until(lambda: not service.typing._tasks)


async def test_typing_is_told_of_once_a_second_with_the_text_as_it_is_then(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    timer = Timer()
    monkeypatch.setattr(here.service.typing, "_later", timer.later)
    typist = Typist(1)
    async with listening(here) as listener, here.connect("/ws/default/spec") as ann:
        await listener.data()
        await ann.send(SyncStep1(b"\x00").encode())
        assert [await ann.recv(), await ann.recv()]

        async def type_and_wait(text: str) -> None:
            update = typist.type(text)
            await ann.send(Update(update).encode())
            assert await ann.recv() == Update(update).encode()

        await type_and_wait("h")
        first = await listener.data()
        assert (first["type"], first["source"], first["noteId"]) == ("note:updated", "user", "spec")
        assert (first["workspaceId"], first["note"]["content"]) == ("default", "h")
        for letter in "ello":
            await type_and_wait(letter)
        await timer.a_second_passes(here.service)
        second = await listener.data()
        assert second["note"]["content"] == str(typist)
        await timer.a_second_passes(here.service)
        publish(here, "marker")
        assert (await listener.data())["noteId"] == "marker"


async def test_nobody_reads_a_note_for_events_that_nobody_has_asked_for(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(key: object) -> None:
        pytest.fail("The note was read.")

    monkeypatch.setattr(here.service.notes, "read", read)
    async with here.connect("/ws/default/spec") as ann:
        update = Typist(1).type("x")
        await ann.send(Update(update).encode())
        while await ann.recv() != Update(update).encode():
            pass
        await until(lambda: bool(here.service.typing._timers))


async def test_what_is_written_over_http_is_told_once_and_as_whose_it_is(here: Here) -> None:
    async with listening(here) as listener, here.client() as http:
        await listener.data()
        made = await http.post("/api/notes", json={"noteId": "n", "title": "N", "content": "one", "source": "agent"})
        changed = await http.patch("/api/notes/default/n", json={"content": "two", "source": "user"})
        await http.delete("/api/notes/default/n")
        told = [await listener.data() for _ in range(3)]
        assert [event["type"] for event in told] == ["note:created", "note:updated", "note:deleted"]
        assert [event["source"] for event in told[:2]] == ["agent", "user"]
        assert [event.get("note") for event in told] == [made.json()["note"], changed.json()["note"], None]
        publish(here, "marker")
        assert (await listener.data())["noteId"] == "marker"


async def test_a_note_that_an_editor_makes_is_told_of_before_what_is_typed_in_it(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    timer = Timer()
    monkeypatch.setattr(here.service.typing, "_later", timer.later)
    async with listening(here) as listener:
        await listener.data()
        async with here.connect("/ws/default/new") as ann:
            created = await listener.data()
            assert (created["type"], created["source"], created["noteId"]) == ("note:created", "user", "new")
            update = Typist(1).type("hello")
            await ann.send(Update(update).encode())
            while await ann.recv() != Update(update).encode():
                pass
            await timer.a_second_passes(here.service)
            updated = await listener.data()
            assert (updated["type"], updated["note"]["content"]) == ("note:updated", "hello")
