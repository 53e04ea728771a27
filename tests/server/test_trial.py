import asyncio
import io
import os
import resource
import signal
import struct
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from crdt.document import Document
from crdt.errors import InvalidUpdate, TryAgainLater
from crdt.messages import SyncStep1, SyncStep2, Update
from crdt.updates import EMPTY
from server import trial
from server.trial import Laboratory, run, serve
from tests.crdt.test_guard import subdocument
from tests.crdt.typist import Typist
from tests.faults.hostile import nested_types
from tests.server.conftest import Here, close_of, until


@pytest.fixture
async def laboratory() -> AsyncIterator[Laboratory]:
    opened = Laboratory()
    yield opened
    await opened.close()


async def test_what_can_be_applied_and_kept_may_be_applied(laboratory: Laboratory) -> None:
    document = Document(None, [Typist(1).type("hello")])
    assert await laboratory.examine(document, subdocument(5)) is None
    first = laboratory.pid
    assert await laboratory.examine(document, Typist(2).type("x")) is None
    assert laboratory.pid == first
    assert document.text() == "hello"


async def test_what_ends_the_process_is_refused_and_the_process_replaced(laboratory: Laboratory) -> None:
    document = Document(None, [nested_types(100_000)])
    error = await laboratory.examine(document, Typist(1).type("x"))
    assert isinstance(error, InvalidUpdate)
    assert "ends the process" in error.reason
    assert laboratory.pid is None
    assert await laboratory.examine(Document(), Typist(1).type("x")) is None


async def test_what_takes_too_long_is_refused() -> None:
    laboratory = Laboratory(seconds=30)
    assert await laboratory.examine(Document(), Typist(1).type("x")) is None
    assert laboratory.pid is not None
    os.kill(laboratory.pid, signal.SIGSTOP)
    stat = Path(f"/proc/{laboratory.pid}/stat")
    await until(lambda: stat.read_text().split()[2] == "T")
    laboratory._seconds = 0.01
    error = await laboratory.examine(Document(), Typist(1).type("x"))
    assert isinstance(error, InvalidUpdate)
    assert "too long" in error.reason
    assert laboratory.pid is None


async def test_a_process_that_cannot_be_started_is_not_the_clients_fault(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", fail)
    assert isinstance(await laboratory.examine(Document(), EMPTY), TryAgainLater)


async def test_a_document_that_cannot_be_encoded_is_not_tried_on(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Document) -> bytes:
        raise InvalidUpdate("broken")

    monkeypatch.setattr(Document, "encode", fail)
    assert str(await laboratory.examine(Document(), EMPTY)) == "broken"


def test_the_verdict_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    state = Typist(1).type("hello")
    assert run(state, EMPTY, Typist(2).type("x")) == ""
    assert "cut short" in run(state, EMPTY, b"\x01")
    texts = iter(("one", "other"))
    monkeypatch.setattr(Document, "text", lambda _: next(texts))
    assert "cannot be loaded" in run(state, EMPTY, Typist(2).type("x"))


def test_questions_are_answered_until_there_are_no_more() -> None:
    sink = io.BytesIO()
    parts = (Typist(1).type("a"), EMPTY, b"\x01") * 2
    serve(io.BytesIO(b"".join(struct.pack("!I", len(part)) + part for part in parts)), sink)
    assert sink.getvalue().count(b"cut short") == 2


async def test_a_client_waits_for_its_trial_and_others_do_not(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    may_go = asyncio.Event()
    examine = Laboratory.examine

    async def slow(self: Laboratory, document: Document, update: bytes) -> Any:
        await may_go.wait()
        return await examine(self, document, update)

    monkeypatch.setattr(Laboratory, "examine", slow)
    async with here.connect() as ann, here.connect() as bob:
        for client in (ann, bob):
            await client.send(SyncStep1(b"\x00").encode())
            assert await client.recv() == SyncStep1(b"\x00").encode()
            assert await client.recv() == SyncStep2(EMPTY).encode()
        await ann.send(Update(subdocument(5)).encode())
        await ann.send(Update(Typist(1).type("a")).encode())
        mine = Update(Typist(2).type("b")).encode()
        await bob.send(mine)
        assert await ann.recv() == mine
        assert await bob.recv() == mine
        may_go.set()
        assert isinstance(await bob.recv(), bytes)
        await until(lambda: len(here.service.hub.open_notes()[0].room.document.text()) == 2)


async def test_an_update_that_fails_its_trial_closes_its_sender_alone(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> InvalidUpdate:
        return InvalidUpdate("no")

    monkeypatch.setattr(Laboratory, "examine", refuse)
    async with here.connect() as ann, here.connect() as bob:
        await ann.send(Update(subdocument(5)).encode())
        assert await close_of(ann) == (1007, "no")
        await bob.ping()


async def test_a_server_that_stops_drops_what_is_being_tried(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def never(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Laboratory, "examine", never)
    async with here.connect() as ann:
        await ann.send(Update(subdocument(5)).encode())
        await begun.wait()
        await asyncio.wait_for(here.service.hub.drain(), 10)
        assert not here.service.hub.open_notes()[0].room.trials


async def test_a_note_on_which_the_native_core_broke_is_loaded_anew(here: Here) -> None:
    async with here.connect() as ann:
        await ann.send(Update(Typist(1).type("kept")).encode())
        hub = here.service.hub
        await until(lambda: bool(hub.open_notes()) and hub.open_notes()[0].room.document.text() == "kept")
        (note,) = hub.open_notes()
        await hub.journal.settled(note)
        note.room.document._replica.damaged = True
        await ann.send(Update(Typist(2).type("lost")).encode())
        assert (await close_of(ann))[0] == 1013
    async with here.connect() as ann:
        await ann.send(SyncStep1(b"\x00").encode())
        await ann.recv()
        await ann.recv()
        assert hub.open_notes()[0] is not note
        assert hub.open_notes()[0].room.document.text() == "kept"


def test_the_process_has_less_than_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: dict[int, tuple[int, int]] = {}
    monkeypatch.setattr(resource, "setrlimit", limits.__setitem__)
    monkeypatch.setattr(trial, "serve", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    trial.main()
    threading.stack_size(0)
    assert limits[resource.RLIMIT_AS] == (trial.MEMORY, trial.MEMORY)
