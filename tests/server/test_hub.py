import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from crdt.errors import ProtocolError
from crdt.messages import AwarenessUpdate, Message, SyncStep1, Update, decode
from crdt.presence import EXPIRES
from crdt.session import Session
from server.compactor import Compactor
from server.hosted import HEARTBEAT, HostedNote, HubLimits, NoteUnavailable
from server.hub import Hub
from server.peer import Frame
from stores.engine import Database
from stores.errors import NotFound, Unavailable
from stores.notelog import Compacted, NoteKey, NoteLog, StoredNote
from stores.tables import notes, workspaces
from tests.crdt.test_presence import ANN, awareness
from tests.crdt.typist import Typist
from tests.server.conftest import until

KEY = NoteKey("default", "a")


@dataclass(eq=False)
class Desk:
    """A client's end: what it was sent."""

    quiet: bool = False
    frames: list[bytes] = field(default_factory=list)
    closed: tuple[int, str] | None = None

    def deliver(self, frame: Frame) -> None:
        self.quiet = False
        self.frames.append(frame.payload)

    def close(self, error: ProtocolError) -> None:
        self.closed = (error.code, error.reason)

    def messages(self) -> list[Message]:
        read = [message for frame in self.frames for message in decode(frame)]
        self.frames.clear()
        return read


class SlowLog(NoteLog):
    """A log that waits for the test before it reads or compacts, and fails when it is told to."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.reading, self.compacting = asyncio.Event(), asyncio.Event()
        self.reading.set()
        self.compacting.set()
        self.reads = 0
        self.compactions = 0
        self.failure: Exception | None = None

    async def open_note(self, key: NoteKey) -> StoredNote:
        self.reads += 1
        await self.reading.wait()
        if self.failure is not None:
            raise self.failure
        return await super().open_note(key)

    async def compact(self, key: NoteKey, stored: StoredNote, compacted: Compacted) -> bool:
        self.compactions += 1
        await self.compacting.wait()
        return await super().compact(key, stored, compacted)


@dataclass
class House:
    """A hub, and the clock that it reads."""

    hub: Hub
    log: SlowLog
    database: Database
    now: list[float]

    async def enter(self, key: NoteKey = KEY) -> tuple[HostedNote, Session, Desk]:
        note = await self.hub.open(key)
        desk = Desk()
        session = Session(desk)
        self.hub.join(note, session)
        self.hub.receive(note, session, SyncStep1(b"\x00").encode())
        await until(lambda: len(desk.frames) >= 2)
        desk.frames.clear()
        return note, session, desk

    def exit(self, note: HostedNote, session: Session) -> None:
        self.hub.leave(note, session)
        self.hub.release(note)

    def type(self, note: HostedNote, session: Session, update: bytes) -> None:
        self.hub.receive(note, session, Update(update).encode())

    async def text(self, key: NoteKey = KEY) -> str | None:
        async with self.database.read() as connection:
            result = await connection.execute(notes.select().where(notes.c.id == key.note))
            row = result.one_or_none()
            return None if row is None else str(row.content)


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with housing(database, idle_seconds=0.001) as house:
        yield house


@contextlib.asynccontextmanager
async def housing(database: Database, idle_seconds: float) -> AsyncIterator[House]:
    log = SlowLog(database)
    now = [0.0]
    limits = HubLimits(
        max_note_bytes=10_000, max_backlog_bytes=1_000, max_total_backlog_bytes=3_000, idle_seconds=idle_seconds
    )
    hub = Hub(log, Compactor(log, 1_000, 1_000_000), limits, lambda: now[0])
    journal = asyncio.create_task(hub.journal.run())
    yield House(hub, log, database, now)
    log.compacting.set()
    await hub.drain()
    await hub.put_away()
    journal.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await journal


async def test_an_edit_reaches_others_at_once_and_its_sender_after_the_commit(house: House) -> None:
    note, ann, hers = await house.enter()
    _, _, his = await house.enter()
    update = Typist(1).type("hello")
    house.type(note, ann, update)
    await until(lambda: bool(hers.frames))
    assert his.messages() == hers.messages() == [Update(update)]
    assert [row.update for row in (await house.log.read(KEY)).rows] == [update]


async def test_a_note_is_loaded_once_however_many_come_at_once(house: House) -> None:
    house.log.reading.clear()
    opening = [asyncio.create_task(house.hub.open(KEY)) for _ in range(20)]
    await until(lambda: house.log.reads == 1)
    house.log.reading.set()
    opened = await asyncio.gather(*opening)
    assert house.log.reads == 1
    assert len(set(map(id, opened))) == 1
    for note in opened:
        house.hub.release(note)


async def test_a_load_that_fails_refuses_the_client_and_leaves_the_note_alone(house: House) -> None:
    note, ann, _ = await house.enter()
    house.type(note, ann, Typist(1).type("precious"))
    house.exit(note, ann)
    await until(lambda: not house.hub.open_notes())
    house.log.failure = Unavailable("The store is away.")
    with pytest.raises(Unavailable):
        await house.hub.open(KEY)
    assert house.hub.open_notes() == []
    house.log.failure = None
    note, ann, _ = await house.enter()
    assert note.room.document.text() == "precious"
    house.exit(note, ann)


async def test_a_damaged_note_cannot_be_opened_but_others_can(house: House) -> None:
    await house.log.open_note(KEY)
    await house.log.append([(KEY, b"\x07damaged")])
    with pytest.raises(NoteUnavailable, match="damaged"):
        await house.hub.open(KEY)
    note, ann, _ = await house.enter(NoteKey("default", "b"))
    house.exit(note, ann)


async def test_an_idle_note_is_put_away_durable_compacted_and_with_its_text(house: House) -> None:
    note, ann, _ = await house.enter()
    house.type(note, ann, Typist(1).type("hello"))
    house.exit(note, ann)
    await until(lambda: not house.hub.open_notes())
    stored = await house.log.read(KEY)
    assert stored.rows == ()
    assert stored.snapshot is not None
    assert await house.text() == "hello"


async def test_who_comes_while_a_note_is_put_away_waits_and_nothing_is_lost(house: House) -> None:
    note, ann, _ = await house.enter()
    typist = Typist(1)
    house.type(note, ann, typist.type("before "))
    house.log.compacting.clear()
    house.exit(note, ann)
    await until(lambda: house.log.compactions == 1)
    coming = [asyncio.create_task(house.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in coming)
    house.log.compacting.set()
    entered = await asyncio.gather(*coming)
    again = entered[0][0]
    assert all(opened is again for opened, _, _ in entered)
    assert again is not note
    house.type(again, entered[0][1], typist.type("after"))
    for opened, session, _ in entered:
        house.exit(opened, session)
    await until(lambda: not house.hub.open_notes())
    assert await house.text() == "before after"


async def test_who_comes_back_in_time_finds_the_note_open(database: Database) -> None:
    async with housing(database, idle_seconds=0.05) as house:
        note, ann, _ = await house.enter()
        house.exit(note, ann)
        again, ben, _ = await house.enter()
        assert again is note
        assert note.idle is not None
        assert note.idle.cancelled()
        house.exit(again, ben)
        await until(lambda: not house.hub.open_notes())


async def test_who_comes_just_when_the_note_is_due_keeps_it(house: House) -> None:
    note, ann, _ = await house.enter()
    house.exit(note, ann)
    evicting = asyncio.create_task(house.hub._evict(note))
    again = await house.hub.open(KEY)
    await evicting
    assert again.users == 1
    assert house.hub.open_notes() == [again]
    house.hub.release(again)


async def test_a_note_whose_backlog_is_full_takes_no_more_for_now(house: House) -> None:
    note, ann, _ = await house.enter()
    house.log.reading.clear()
    typist = Typist(1)
    house.type(note, ann, typist.type("x" * 2_000))
    house.hub.turns.end()
    house.type(note, ann, typist.type("y"))
    assert ann.error is not None
    assert ann.error.code == 1013
    assert note.room.document.text() == "x" * 2_000
    house.log.reading.set()


async def test_when_all_notes_together_have_too_much_waiting_none_takes_more_for_now(house: House) -> None:
    entered = [await house.enter(NoteKey("default", f"n{number}")) for number in range(5)]
    for client, (note, session, _) in enumerate(entered[:4], 1):
        house.type(note, session, Typist(client).type("x" * 800))
    house.hub.turns.end()
    note, ann, _ = entered[4]
    house.type(note, ann, Typist(9).type("y"))
    assert ann.error is not None
    assert ann.error.code == 1013
    await house.hub.journal.drained()
    note.room.leave(ann, 0)
    ben = Session(Desk())
    house.hub.join(note, ben)
    house.type(note, ben, Typist(9).type("y"))
    assert ben.error is None
    for opened, session, _ in entered:
        house.exit(opened, session)


async def test_a_note_that_was_deleted_underneath_closes_its_clients(house: House) -> None:
    note, ann, hers = await house.enter()
    async with house.database.write() as connection:
        await connection.execute(workspaces.delete())
    house.type(note, ann, Typist(1).type("x"))
    await until(lambda: hers.closed is not None)
    assert hers.closed == (4404, "The note was deleted: what was not acknowledged is not kept.")
    assert hers.messages() == []
    assert house.hub.open_notes() == []
    house.exit(note, ann)
    again, ben, _ = await house.enter()
    assert again.room.document.text() == ""
    house.exit(again, ben)


async def test_edits_that_the_store_refuses_are_to_be_sent_again(house: House) -> None:
    note, _, hers = await house.enter()
    house.hub._lost(note, RuntimeError("refused"))
    assert hers.closed is not None
    assert hers.closed[0] == 1013
    house.hub._lost(note, NotFound())
    assert hers.closed[0] == 4404


async def test_a_defect_in_one_note_hurts_no_other(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, ann, hers = await house.enter()
    good, ben, his = await house.enter(NoteKey("default", "b"))
    monkeypatch.setattr(bad.room, "end_turn", lambda: 1 // 0)
    house.type(bad, ann, Typist(1).type("x"))
    update = Typist(2).type("y")
    house.type(good, ben, update)
    await until(lambda: bool(his.frames))
    assert his.messages() == [Update(update)]
    assert hers.closed is not None
    assert hers.closed[0] == 1013
    house.exit(good, ben)


async def test_a_silent_connection_hears_something_now_and_then(house: House) -> None:
    note, ann, hers = await house.enter()
    house.hub.tick()
    house.hub.turns.end()
    assert hers.frames == []
    house.hub.tick()
    house.hub.turns.end()
    assert hers.frames == [HEARTBEAT.payload]
    house.exit(note, ann)


async def test_presence_expires_by_the_clock(house: House) -> None:
    note, ann, hers = await house.enter()
    house.hub.receive(note, ann, AwarenessUpdate(awareness((1, 1, ANN))).encode())
    house.now[0] = EXPIRES
    house.hub.tick()
    house.hub.turns.end()
    assert AwarenessUpdate(awareness((1, 1, "null"))) in hers.messages()
    house.exit(note, ann)


async def test_a_hub_that_stops_commits_what_came_in_and_opens_nothing(house: House) -> None:
    note, ann, hers = await house.enter()
    update = Typist(1).type("x")
    house.type(note, ann, update)
    await house.hub.drain()
    assert hers.messages() == [Update(update)]
    with pytest.raises(NoteUnavailable, match="stopping"):
        await house.hub.open(KEY)
    house.exit(note, ann)
    assert note.idle is None
    await house.hub.put_away()
    assert await house.text() == "x"
