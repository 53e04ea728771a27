import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from crdt.document import Document
from crdt.messages import AwarenessUpdate
from crdt.room import Room
from crdt.session import Session
from server import attendance as attendance_module
from server.access import Access
from server.attendance import MOST_CHARACTERS, MOST_NAMED, Attendance, Present, present_in
from server.hosted import HostedNote
from stores.notelog import NoteKey
from tests.crdt.test_presence import awareness
from tests.server.api.test_caller import client, events_of, until_heard
from tests.server.api.test_events import listening
from tests.server.conftest import Here, until
from tests.server.guests import guarded

ADA = {"name": "Ada", "color": "#7c3aed", "kind": "person"}
BOT = {"name": "Bot", "kind": "agent"}
A, B = NoteKey("w", "a"), NoteKey("w", "b")


def state(user: object, **more: object) -> str:
    return json.dumps({"user": user, **more})


@dataclass(eq=False)
class Open:
    """As much of an open note as is looked at."""

    key: NoteKey
    room: Room = field(default_factory=lambda: Room(Document()))

    def hear(self, session: Session, *states: str, clock: int = 1) -> None:
        payload = awareness(*((number, clock, state) for number, state in enumerate(states, id(session))))
        self.room.join(session)
        self.room.receive(session, AwarenessUpdate(payload).encode(), 0)
        self.room.end_turn()


@dataclass
class Scene:
    """Some open notes, and what was told of them."""

    notes: list[Open] = field(default_factory=lambda: [Open(A), Open(B)])
    told: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.attendance = Attendance(lambda: cast(list[HostedNote], self.notes), lambda *all_: self.told.append(all_))

    def look(self) -> list[Any]:
        self.attendance.look()
        told, self.told[:] = list(self.told), []
        return told


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_who_comes_and_who_goes_is_told_once(scene: Scene) -> None:
    note, ada, bot = scene.notes[0], Session(), Session()
    assert scene.look() == []
    note.hear(ada, state(ADA))
    note.hear(bot, state(BOT))
    both = {"present": {"count": 2, "people": (ADA, BOT)}}
    assert scene.look() == [("presence", A, both)]
    assert scene.attendance.shape(A) == both
    assert scene.attendance.shape(B) == {}
    assert scene.look() == []
    note.room.leave(ada, 0)
    note.room.end_turn()
    assert scene.look() == [("presence", A, {"present": {"count": 1, "people": (BOT,)}})]


def test_a_cursor_that_moves_is_not_told(scene: Scene) -> None:
    ada = Session()
    scene.notes[0].hear(ada, state(ADA))
    scene.look()
    scene.notes[0].hear(ada, state(ADA, cursor={"anchor": 5}), clock=2)
    assert scene.look() == []


def test_a_note_that_is_put_away_has_nobody_in_it(scene: Scene) -> None:
    note, ada = scene.notes[0], Session()
    note.hear(ada, state(ADA))
    scene.look()
    scene.notes[0] = Open(A)  # deleted and made again between two looks
    assert scene.look() == [("presence", A, {"present": {"count": 0, "people": ()}})]
    scene.notes[0].hear(ada, state(ADA))
    scene.look()
    del scene.notes[0]
    assert scene.look() == [("presence", A, {"present": {"count": 0, "people": ()}})]
    assert scene.look() == []


@pytest.mark.parametrize(
    "value",
    ["{}", "7", "[]", "null", '{"user": 7}', '{"user": {}}', state({"name": 7}), state({"name": " "}), "1" * 5000],
)
def test_who_has_no_name_is_counted(value: str) -> None:
    assert present_in([value]) == Present(1)


@pytest.mark.parametrize("color", ["red;background:url(//x)", 7, "#12", "url(#a)", "hsl(1,2,3)(", "#1234567890"])
def test_a_color_is_a_color_or_left_out(color: object) -> None:
    assert present_in([state({"name": "Ada", "color": color})]).people == ({"name": "Ada", "kind": "person"},)


@pytest.mark.parametrize("color", ["#abc", "#30bced33", "hsl(271 81% 56%)", "rgba(1, 2, 3, .5)"])
def test_colors_of_every_notation_are_told(color: str) -> None:
    assert present_in([state({"name": "Ada", "color": color})]).people[0]["color"] == color


def test_names_are_told_once_each_and_not_at_any_length_or_number() -> None:
    twice = present_in([state(ADA), state(ADA, cursor=None), state({"name": " " + "n" * 500})])
    assert twice == Present(3, (ADA, {"name": "n" * MOST_CHARACTERS, "kind": "person"}))
    crowd = present_in([state({"name": str(number)}) for number in range(MOST_NAMED + 5)])
    assert (crowd.count, len(crowd.people)) == (MOST_NAMED + 5, MOST_NAMED)


async def test_listeners_and_lists_are_told(here: Here) -> None:
    async with listening(here) as listener, here.client() as http:
        assert (await listener.data())["type"] == "connected"
        async with here.connect("/ws/default/spec") as socket:
            await socket.send(AwarenessUpdate(awareness((1, 1, state(ADA)))).encode())
            event = await listener.data()
            assert event.pop("timestamp")
            present = {"count": 1, "people": [ADA]}
            assert event == {
                "type": "note:presence",
                "noteId": "spec",
                "workspaceId": "default",
                "present": present,
            }
            for query in ({}, {"groupBy": "session"}):
                listed = (await http.get("/api/notes", params=query)).json()
                notes = listed["notes"] if not query else listed["groups"][0]["notes"]
                assert [note.get("present") for note in notes if note["id"] == "spec"] == [present]
        assert (await listener.data())["present"] == {"count": 0, "people": []}


async def test_who_may_not_read_a_note_is_not_told() -> None:
    heard: list[Any] = []
    async with guarded() as server, client(server, server.token(Access.READ, "w", "mine")) as reader:
        listener = asyncio.create_task(events_of(reader, "/api/notes/events", heard))
        await until_heard(heard, 2)  # the status, and that it is connected
        for note in ("theirs", "mine"):
            server.here.service.events.tell("presence", NoteKey("w", note), {})
        await until_heard(heard, 3)
        assert heard[2]["noteId"] == "mine"
        listener.cancel()


async def test_a_defect_does_not_end_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(attendance_module, "INTERVAL", 0)
    looks = []

    def look() -> None:
        looks.append(1)
        raise ZeroDivisionError

    monkeypatch.setattr(scene.attendance, "look", look)
    with caplog.at_level(logging.CRITICAL, "routa"):
        task = asyncio.create_task(scene.attendance.run())
        await until(lambda: len(looks) > 2)
        task.cancel()
