import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from crdt.contribution import Batch
from crdt.document import Document
from crdt.messages import SyncStep1, Update
from crdt.room import Room
from crdt.session import Session
from crdt.unstored import OVERHEAD
from server import journal as journal_module
from server.journal import Journal, Written
from stores.engine import Database
from stores.errors import NotFound, StoreError, Unavailable
from stores.notelog import NoteKey, NoteLog
from tests.crdt.typist import Typist
from tests.server.conftest import until


@dataclass(eq=False)
class OpenNote:
    key: NoteKey
    room: Room = field(default_factory=lambda: Room(Document()))
    session: Session = field(default_factory=Session)

    def edit(self, update: bytes) -> None:
        self.room.receive(self.session, SyncStep1(b"\x00").encode(), 0)
        self.room.receive(self.session, Update(update).encode(), 0)
        self.room.end_turn()


class GatedLog(NoteLog):
    """A log whose commits wait for the test, and that fails when it is told to."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.gate = asyncio.Event()
        self.gate.set()
        self.commits: list[Sequence[tuple[NoteKey, bytes]]] = []
        self.failures: list[StoreError] = []

    async def append(self, batch: Sequence[tuple[NoteKey, bytes]]) -> None:
        self.commits.append(batch)
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        await super().append(batch)


class Bench:
    """A journal at work, and what it told."""

    def __init__(self, log: GatedLog) -> None:
        self.log = log
        self.stored: list[tuple[Written, Batch]] = []
        self.lost: dict[Written, Exception] = {}
        self.journal = Journal(log, lambda note, batch: self.stored.append((note, batch)), self.lost.__setitem__)

    async def note(self, name: str) -> OpenNote:
        key = NoteKey("default", name)
        await self.log.open_note(key)
        return OpenNote(key)

    def edit(self, note: OpenNote, update: bytes) -> None:
        note.edit(update)
        self.journal.add(note)

    async def kept(self, note: OpenNote) -> list[bytes]:
        return [row.update for row in (await self.log.read(note.key)).rows]


@pytest.fixture
async def bench(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(journal_module, "FIRST_RETRY", 0.001)
    bench = Bench(GatedLog(database))
    task = asyncio.create_task(bench.journal.run())
    yield bench
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_an_update_is_told_stored_after_its_commit_and_not_before(bench: Bench) -> None:
    note = await bench.note("a")
    bench.log.gate.clear()
    update = Typist(1).type("x")
    bench.edit(note, update)
    await until(lambda: bool(bench.log.commits))
    assert bench.stored == []
    assert bench.journal.waiting == 1
    bench.log.gate.set()
    await bench.journal.settled(note)
    assert [batch.update for _, batch in bench.stored] == [update]
    assert await bench.kept(note) == [update]
    assert bench.journal.waiting == 0


async def test_what_comes_during_a_commit_goes_into_the_next_one_together(bench: Bench) -> None:
    first, second = await bench.note("a"), await bench.note("b")
    typist = Typist(1)
    bench.log.gate.clear()
    bench.edit(first, typist.type("1"))
    await until(lambda: bool(bench.log.commits))
    for digit in "234":
        bench.edit(first, typist.type(digit))
    bench.edit(second, Typist(2).type("x"))
    bench.log.gate.set()
    await bench.journal.drained()
    assert [[key.note for key, _ in commit] for commit in bench.log.commits] == [["a"], ["a", "b"]]
    assert Document(None, await bench.kept(first)).text() == "1234"


async def test_an_acknowledgement_without_an_update_waits_for_the_commits_before_it(bench: Bench) -> None:
    note = await bench.note("a")
    update = Typist(1).type("x")
    bench.log.gate.clear()
    bench.edit(note, update)
    await until(lambda: bool(bench.log.commits))
    bench.edit(note, update)
    assert bench.stored == []
    bench.log.gate.set()
    await bench.journal.drained()
    assert len(bench.stored) == 2
    assert len(bench.log.commits) == 1


async def test_while_the_store_is_away_nothing_is_told_and_afterwards_everything(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "routa")
    note = await bench.note("a")
    bench.log.failures = [Unavailable("The store is away.") for _ in range(4)]
    update = Typist(1).type("x")
    bench.edit(note, update)
    await until(lambda: not bench.journal.available)
    assert bench.stored == []
    await bench.journal.settled(note)
    assert bench.journal.available
    assert len(bench.stored) == 1
    assert await bench.kept(note) == [update]
    assert [record.message for record in caplog.records] == [
        "Edits are not being acknowledged until the store is back: The store is away.",
        "The store is back: edits are being acknowledged again.",
    ]


async def test_a_commit_without_an_answer_counts_as_one_that_failed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal_module, "SLOW", 0.001)
    note = await bench.note("a")
    bench.log.gate.clear()
    bench.edit(note, Typist(1).type("x"))
    await until(lambda: not bench.journal.available)
    assert "it has not answered a commit yet" in caplog.text
    assert bench.stored == []
    bench.log.gate.set()
    await bench.journal.settled(note)
    assert bench.journal.available
    assert len(bench.stored) == 1


async def test_the_backlog_is_what_waits_and_what_is_being_committed_of_all_notes(bench: Bench) -> None:
    first, second = await bench.note("a"), await bench.note("b")
    typist = Typist(1)
    updates = [typist.type("1"), typist.type("2"), Typist(2).type("x")]
    bench.log.gate.clear()
    bench.edit(first, updates[0])
    await until(lambda: bool(bench.log.commits))
    bench.edit(first, updates[1])
    bench.edit(second, updates[2])
    bench.journal.add(second)  # again, with nothing new
    assert bench.journal.backlog == sum(map(len, updates)) + 3 * OVERHEAD
    bench.log.gate.set()
    await bench.journal.drained()
    assert bench.journal.backlog == 0


async def test_a_note_that_is_gone_hurts_no_other(bench: Bench) -> None:
    good, gone = await bench.note("a"), OpenNote(NoteKey("default", "nowhere"))
    bench.log.gate.clear()
    bench.edit(gone, Typist(1).type("x"))
    bench.edit(good, Typist(2).type("y"))
    bench.log.gate.set()
    await bench.journal.drained()
    assert list(bench.lost) == [gone]
    assert isinstance(bench.lost[gone], NotFound)
    assert [note for note, _ in bench.stored] == [good]
    assert Document(None, await bench.kept(good)).text() == "y"


async def test_a_defect_in_the_log_gives_the_note_up_and_the_journal_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    note = await bench.note("a")

    async def defect(batch: Sequence[tuple[NoteKey, bytes]]) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bench.log, "append", defect)
    bench.edit(note, Typist(1).type("x"))
    await bench.journal.settled(note)
    assert isinstance(bench.lost[note], ZeroDivisionError)
    assert "A defect while edits were written" in caplog.text
    monkeypatch.undo()
    other = await bench.note("b")
    bench.edit(other, Typist(2).type("y"))
    await bench.journal.settled(other)
    assert len(await bench.kept(other)) == 1


async def test_a_defect_while_telling_is_logged_and_the_journal_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    note = await bench.note("a")
    typist = Typist(1)

    def defect(note: Written, batch: Batch) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bench.journal, "_stored", defect)
    bench.edit(note, typist.type("x"))
    await bench.journal.settled(note)
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    bench.edit(note, typist.type("y"))
    await bench.journal.settled(note)
    assert Document(None, await bench.kept(note)).text() == "xy"


async def test_who_types_alone_waits_for_nothing_and_commits_are_some_time_apart(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr(journal_module, "APART", 1000.0)
    monkeypatch.setattr(asyncio, "sleep", note)
    first, second = await bench.note("a"), await bench.note("b")
    bench.edit(first, Typist(1).type("x"))
    await bench.journal.settled(first)
    assert slept == []
    bench.edit(second, Typist(2).type("y"))
    await bench.journal.settled(second)
    assert len(slept) == 1
    assert 990 < slept[0] <= 1000
