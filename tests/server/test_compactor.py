import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from crdt.compaction import CompactionFailed
from crdt.document import Document
from server import compactor as compactor_module
from server import foldaside
from server.compactor import Compactor
from stores.errors import Unavailable
from stores.notelog import Compacted, NoteKey, NoteLog, StoredNote
from tests.crdt.typist import Typist
from tests.server.conftest import until

KEY = NoteKey("default", "a")


class Writer:
    """Somebody who writes a note behind a compactor's back, and tells it."""

    def __init__(self, log: NoteLog, compactor: Compactor) -> None:
        self.log = log
        self.compactor = compactor
        self.typist = Typist(1)

    async def open(self) -> None:
        self.compactor.opened(KEY, await self.log.open_note(KEY))

    async def write(self, text: str) -> None:
        update = self.typist.type(text)
        await self.log.append([(KEY, update)])
        self.compactor.appended(KEY, len(update))

    async def rows(self) -> int:
        return len((await self.log.read(KEY)).rows)

    async def until_compacted(self) -> StoredNote:
        async with asyncio.timeout(10):
            while (stored := await self.log.read(KEY)).rows:
                await asyncio.sleep(0.001)
        return stored


@pytest.fixture
async def writer(log: NoteLog) -> AsyncIterator[Writer]:
    writer = Writer(log, Compactor(log, max_rows=5, max_bytes=10_000))
    await writer.open()
    yield writer
    await writer.compactor.finish(KEY)


async def test_a_log_is_compacted_by_count_also_while_somebody_writes(writer: Writer) -> None:
    for _ in range(4):
        await writer.write("x")
    assert await writer.rows() == 4
    await writer.write("x")
    stored = await writer.until_compacted()
    assert stored.snapshot is not None
    assert stored.snapshot.state == writer.typist.state()


async def test_a_log_is_compacted_by_bytes(writer: Writer) -> None:
    await writer.write("x" * 10_000)
    assert (await writer.until_compacted()).snapshot is not None


async def test_a_long_log_is_compacted_when_its_note_is_opened(log: NoteLog, writer: Writer) -> None:
    for _ in range(6):
        await log.append([(KEY, writer.typist.type("x"))])
    await writer.open()
    await writer.until_compacted()


async def test_a_large_snapshot_lets_the_log_grow_longer(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compactor_module, "LARGE", 1_000)
    await writer.write("x" * 3_000)
    await writer.compactor.finish(KEY)
    await writer.open()
    for _ in range(19):
        await writer.write("x")
    assert await writer.rows() == 19
    await writer.write("x")
    await writer.until_compacted()


async def test_at_the_end_a_note_is_compacted_and_forgotten(writer: Writer) -> None:
    await writer.write("hello")
    await writer.compactor.finish(KEY)
    assert await writer.rows() == 0
    writer.compactor.appended(KEY, 1)
    await writer.compactor.finish(KEY)


async def test_the_end_waits_for_a_compaction_that_runs(writer: Writer) -> None:
    for _ in range(5):
        await writer.write("x")
    await writer.compactor.finish(KEY)
    assert await writer.rows() == 0


async def test_a_note_that_is_gone_is_forgotten(writer: Writer) -> None:
    await writer.write("x")
    writer.compactor.forget(KEY)
    await writer.compactor.finish(KEY)
    assert await writer.rows() == 1


@pytest.mark.parametrize("error", [Unavailable("away"), CompactionFailed("differs")])
async def test_a_compaction_that_fails_costs_nothing_and_is_tried_less_and_less(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    attempts = 0

    async def fail(key: NoteKey, stored: StoredNote, compacted: Compacted) -> bool:
        nonlocal attempts
        attempts += 1
        raise error

    monkeypatch.setattr(writer.log, "compact", fail)
    for _ in range(5):
        await writer.write("x")
    await until(lambda: attempts == 1)
    await until(lambda: "was not compacted and stays as it is" in caplog.text)
    for _ in range(4):
        await writer.write("x")
    assert attempts == 1
    monkeypatch.undo()
    await writer.write("x")
    stored = await writer.until_compacted()
    assert stored.snapshot is not None


async def test_when_somebody_else_compacted_first_nothing_is_lost(log: NoteLog, writer: Writer) -> None:
    await writer.write("x")
    stored = await log.read(KEY)
    await log.compact(KEY, stored, Compacted(writer.typist.state(), None, "x"))
    await writer.compactor.finish(KEY)
    again = await log.read(KEY)
    assert again.snapshot is not None
    assert again.snapshot.state == writer.typist.state()


async def test_a_log_that_grew_while_it_was_compacted_is_compacted_again(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, gate = asyncio.Event(), asyncio.Event()
    compact = writer.log.compact

    async def wait(key: NoteKey, stored: StoredNote, compacted: Compacted) -> bool:
        entered.set()
        await gate.wait()
        return await compact(key, stored, compacted)

    monkeypatch.setattr(writer.log, "compact", wait)
    for _ in range(5):
        await writer.write("x")
    await entered.wait()
    for _ in range(5):
        await writer.write("y")
    gate.set()
    stored = await writer.until_compacted()
    assert stored.snapshot is not None
    assert stored.snapshot.state == writer.typist.state()


async def test_a_long_log_is_folded_in_another_process_before_its_note_is_opened(log: NoteLog, writer: Writer) -> None:
    words = [writer.typist.type("x" * 1000) for _ in range(40)]
    await log.append([(KEY, word) for word in words])
    stored = await writer.compactor.read(KEY, create=False)
    assert stored.rows == ()
    assert stored.snapshot is not None
    assert stored.snapshot.state == writer.typist.state()
    assert writer.compactor.ward.recorder.everything() == []
    assert Document(stored.snapshot.state, [], stored.snapshot.sealed).asleep


async def test_a_log_that_cannot_be_folded_elsewhere_is_given_as_it_is(
    log: NoteLog, writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(foldaside, "_COMMAND", [sys.executable, "-c", "import os; os.abort()"])
    await log.append([(KEY, writer.typist.type("x" * 40_000))])
    stored = await writer.compactor.read(KEY, create=True)
    assert len(stored.rows) == 1
    assert "could not be folded in a process of its own" in caplog.text


async def test_a_heavy_snapshot_is_folded_in_another_process(
    log: NoteLog, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await writer.write("x" * 300_000)
    await writer.until_compacted()
    monkeypatch.setattr(writer.compactor, "_fold_here", None)
    await writer.write("y")
    await writer.compactor.finish(KEY)
    stored = await log.read(KEY)
    assert stored.rows == ()
    assert stored.snapshot is not None
    assert stored.snapshot.state == writer.typist.state()


async def test_a_note_that_cannot_be_read_is_not_compacted(
    writer: Writer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await writer.write("x")

    async def fail(key: NoteKey) -> StoredNote:
        raise Unavailable("away")

    monkeypatch.setattr(writer.log, "read", fail)
    await writer.compactor.finish(KEY)
    assert "was not compacted and stays as it is: away" in caplog.text
