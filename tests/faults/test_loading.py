"""Rows 4 and 5: a load that fails, and an unload that races a new joiner."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus

from server.config import Settings
from server.service import Service
from stores.errors import Unavailable
from stores.notelog import Compacted, NoteKey, NoteLog, StoredNote
from tests.faults.conftest import newcomer_text, note_url
from tests.faults.writer import Writer
from tests.server.conftest import Here, quick, serving, until

KEY = NoteKey("default", "n")


def settings(folder: Path) -> Settings:
    return quick(db_driver="sqlite", db_path=folder / "notes.db", room_idle_seconds=0)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    async with serving(settings(tmp_path)) as started:
        yield started


@pytest.fixture
async def full(here: Here) -> str:
    """The address of a note that has a text and is put away."""
    async with Writer(note_url(here)) as ann:
        await ann.type("precious")
        await ann.until_acknowledged()
    await put_away(here.service)
    return note_url(here)


async def put_away(service: Service) -> None:
    await until(lambda: not service.hub.open_notes())


async def refused(url: str) -> None:
    """Come with an edit that is not acknowledged; the server does not let in who cannot be given the note."""
    ben = Writer(url)
    ben.write("typed into nothing")
    with pytest.raises(InvalidStatus, match="503"):
        await ben.connect()
    assert ben.acknowledged == ""


async def test_a_load_that_fails_refuses_the_client_and_writes_nothing_over_the_note(
    here: Here, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(log: NoteLog, key: NoteKey) -> StoredNote:
        raise Unavailable("The store is away.")

    with monkeypatch.context() as patch:
        patch.setattr(NoteLog, "read", fail)
        for _ in range(3):
            await refused(full)
    await put_away(here.service)
    assert await newcomer_text(full) == "precious"


async def test_a_load_that_fails_in_its_midst_leaves_the_note_whole_on_the_disk(
    here: Here, full: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = NoteLog.read

    async def fail(log: NoteLog, key: NoteKey) -> StoredNote:
        await read(log, key)
        raise Unavailable("The store went away.")

    with monkeypatch.context() as patch:
        patch.setattr(NoteLog, "read", fail)
        await refused(full)
    async with serving(settings(tmp_path)) as again:
        assert await newcomer_text(note_url(again)) == "precious"


async def test_who_joins_while_a_note_is_put_away_finds_all_of_it_in_one_room(
    here: Here, full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compact, gate, compacting = NoteLog.compact, asyncio.Event(), asyncio.Event()

    async def slow(log: NoteLog, key: NoteKey, stored: StoredNote, compacted: Compacted) -> bool:
        compacting.set()
        await gate.wait()
        return await compact(log, key, stored, compacted)

    monkeypatch.setattr(NoteLog, "compact", slow)
    async with Writer(full) as ann:
        await ann.type(" and more")
        await ann.until_acknowledged()
    await compacting.wait()
    writers = [Writer(full) for _ in range(5)]
    joining = [asyncio.create_task(writer.connect()) for writer in writers]
    await asyncio.sleep(0.05)
    assert not any(task.done() for task in joining)
    gate.set()
    await asyncio.gather(*joining)
    assert {writer.text for writer in writers} == {"precious and more"}
    assert len(here.service.hub.open_notes()) == 1
    await writers[0].type("!")
    for writer in writers:
        await writer.until(lambda who=writer: who.text == "precious and more!")  # type: ignore[misc]
        await writer.leave()


async def test_who_has_gone_before_their_note_is_loaded_is_no_defect(
    here: Here, full: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    open_note, gate, loading = NoteLog.open_note, asyncio.Event(), asyncio.Event()

    async def slow(log: NoteLog, key: NoteKey) -> StoredNote:
        loading.set()
        await gate.wait()
        return await open_note(log, key)

    def closed(**_: int) -> None:
        raise RuntimeError("the handler is closed")  # as uvloop's transports say, which this test does without

    monkeypatch.setattr(NoteLog, "open_note", slow)
    coming = asyncio.create_task(Writer(full).connect())
    await loading.wait()
    (protocol,) = here.server.server_state.connections
    monkeypatch.setattr(protocol.transport, "set_write_buffer_limits", closed)
    protocol.transport.abort()
    with pytest.raises(InvalidMessage):
        await coming
    await until(lambda: not here.server.server_state.connections)
    gate.set()
    await put_away(here.service)
    await until(lambda: not here.server.server_state.tasks)
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
