from collections.abc import Sequence
from typing import Any

import pytest

from crdt.compaction import compact
from crdt.document import Document
from crdt.generation import Generation
from crdt.messages import AwarenessUpdate, SyncStep1, SyncStep2, Update
from crdt.room import Room
from crdt.seal import Known, seal
from crdt.session import Session
from crdt.text import Edit
from crdt.updates import EMPTY
from server.counters import Counters
from server.culprit import ids_of, mark_of
from server.flightrecorder import Doing, FlightRecorder, Record
from server.hosted import HubLimits
from server.recordedroom import Hosting, RecordedRoom
from server.refusals import Refusals
from stores.notelog import NoteKey
from tests.crdt.typist import Typist
from tests.server.test_refusals import entry

KEY = NoteKey("w", "a")


class Watched:
    """What was recorded when a room did its work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, document: Document | None = None) -> None:
        self.recorder, self.refusals, self.counters = FlightRecorder(1024), Refusals(), Counters()
        hosting = Hosting(KEY, HubLimits(10_000, 10_000, 10_000, 1), self.recorder, self.refusals, self.counters)
        self.room = RecordedRoom(hosting, document or Document(), Generation())
        self.seen: list[tuple[str, Record | None]] = []
        for name in ("receive", "edit", "end_turn", "take_batch", "stored"):
            monkeypatch.setattr(Room, name, self._noting(name, getattr(Room, name)))

    def _noting(self, name: str, work: Any) -> Any:
        def note(room: Room, *arguments: Any) -> Any:
            self.seen.append((name, self.recorder.current()))
            return work(room, *arguments)

        return note


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


def client(watched: Watched, sender: str) -> Session:
    session = Session()
    session.sender = sender
    watched.room.join(session)
    return session


def test_everything_is_recorded_while_it_is_done_and_not_after(watched: Watched) -> None:
    ann = client(watched, "address ::1")
    frame = Update(Typist(1).type("hello")).encode()
    watched.room.end_turn()
    watched.room.receive(ann, frame, 0)
    watched.room.end_turn()
    batch = watched.room.take_batch()
    assert batch is not None
    watched.room.stored(batch)
    edits: Sequence[Edit] = [Edit(0, 0, "x")]
    watched.room.edit(edits)
    work = [(name, record and (record.doing, record.mark, record.frame)) for name, record in watched.seen]
    alone = (Doing.TEND, mark_of(KEY), b"")
    assert work == [
        ("end_turn", None),
        ("receive", (Doing.RECEIVE, mark_of(KEY, "address ::1"), frame)),
        *((name, alone) for name in ("end_turn", "take_batch", "stored", "edit")),
    ]
    assert watched.recorder.everything() == []
    counted = watched.counters
    assert (counted.frames, counted.received_bytes, counted.updates, counted.acknowledged) == (1, len(frame), 1, 1)
    watched.room.leave(ann, 0)
    assert watched.room._marks == {}


def test_what_raises_is_not_being_done_any_more(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Document, "take", fail)
    with pytest.raises(KeyboardInterrupt):
        watched.room.receive(Session(), Update(Typist(1).type("x")).encode(), 0)
    assert watched.recorder.everything() == []


def test_what_ended_the_server_before_is_refused_before_anything_looks_at_it(watched: Watched) -> None:
    deadly = Typist(1).type("deadly")
    assert ids_of(deadly)
    watched.refusals.replace([entry(deadly)])
    ann, ben = client(watched, "address ::1"), client(watched, "address ::1")
    watched.room.receive(ann, Update(deadly).encode(), 0)
    assert ann.error is not None
    assert ann.error.code == 1007
    assert watched.seen == []
    watched.room.receive(ben, Update(Typist(2).type("fine")).encode(), 0)
    assert (ben.error, watched.room.document.text()) == (None, "fine")
    assert watched.counters.refused_updates == 1


COMING = [SyncStep1(b"\x00").encode(), SyncStep2(EMPTY).encode(), AwarenessUpdate(b"\x00").encode()]


@pytest.fixture
def asleep(monkeypatch: pytest.MonkeyPatch) -> Watched:
    compacted = compact(None, [Typist(1).type("hello")])
    watched = Watched(monkeypatch, Document(compacted.state, [], compacted.sealed))

    def note(document: Document) -> None:
        watched.seen.append(("wake", watched.recorder.current()))
        wake(document)

    wake = Document.wake
    monkeypatch.setattr(Document, "wake", note)
    return watched


def test_who_only_comes_and_looks_wakes_nobody(asleep: Watched) -> None:
    ann = client(asleep, "address ::1")
    for frame in COMING:
        asleep.room.receive(ann, frame, 0)
    asleep.room.settle()
    asleep.room.end_turn()
    assert asleep.room.document.asleep
    answers = [frame for frame, _ in asleep.room.frames() if frame.startswith(SyncStep2.prefix)]
    assert answers == [SyncStep2(Typist(1).type("hello")).encode()]


@pytest.mark.parametrize("frame", [SyncStep1(b"\x01\x01\x02").encode(), Update(Typist(2).type("x")).encode()])
def test_if_waking_ends_the_server_the_note_is_at_fault(asleep: Watched, frame: bytes) -> None:
    asleep.room.receive(client(asleep, "address ::1"), frame, 0)
    asleep.room.settle()
    woken = [record for name, record in asleep.seen if name == "wake"]
    assert woken[0] is not None
    assert (woken[0].doing, woken[0].mark) == (Doing.LOAD, mark_of(KEY))
    assert not asleep.room.document.asleep
    assert asleep.recorder.everything() == []


def test_a_note_that_breaks_on_waking_is_damaged_and_nothing_else_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    state = b"\x07garbage"
    watched = Watched(monkeypatch, Document(state, [], seal(state, Known({}, set()))))
    ann = client(watched, "address ::1")
    watched.room.receive(ann, SyncStep1(b"\x01\x01\x02").encode(), 0)
    assert watched.room.document.damaged
    assert watched.recorder.everything() == []
