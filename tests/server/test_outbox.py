import asyncio
import logging
from dataclasses import dataclass, field

import pytest

from server.outbox import AT_ONCE, Outbox
from stores.notelog import NoteKey
from tests.server.conftest import until

A, B = NoteKey("w", "a"), NoteKey("w", "b")


@dataclass
class Desk:
    """An outbox, and a receiver that takes things when the test lets it."""

    most: int = 100
    most_bytes: int = 1000
    begun: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.outbox: Outbox[str] = Outbox("letters", self.deliver, self.most, self.most_bytes)

    async def deliver(self, item: str) -> None:
        self.begun.append(item)
        await self.gate.wait()
        if item.startswith("bad"):
            raise ValueError(item)
        self.taken.append(item)


async def test_what_is_added_for_a_note_is_handed_over_in_order_and_one_at_a_time() -> None:
    desk = Desk()
    for number in range(5):
        desk.outbox.add(A, str(number))
    await until(lambda: bool(desk.begun))
    assert desk.begun == ["0"]
    assert desk.outbox.unfinished == 5
    desk.gate.set()
    await desk.outbox.drained()
    assert desk.taken == list("01234")


async def test_a_note_does_not_wait_for_another_one() -> None:
    desk = Desk()
    desk.outbox.add(A, "a1")
    desk.outbox.add(A, "a2")
    desk.outbox.add(B, "b1")
    await until(lambda: len(desk.begun) == 2)
    assert desk.begun == ["a1", "b1"]
    desk.gate.set()
    await desk.outbox.drained()
    assert sorted(desk.taken) == ["a1", "a2", "b1"]


async def test_only_so_many_notes_are_told_of_at_once() -> None:
    desk = Desk()
    for number in range(AT_ONCE + 3):
        desk.outbox.add(NoteKey("w", str(number)), str(number))
    await until(lambda: len(desk.begun) == AT_ONCE)
    await asyncio.sleep(0)
    assert len(desk.begun) == AT_ONCE
    desk.gate.set()
    await desk.outbox.drained()
    assert len(desk.taken) == AT_ONCE + 3


async def test_when_too_much_waits_the_oldest_passing_things_are_dropped_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk(most=3)
    desk.outbox.add(A, "under way")
    await until(lambda: bool(desk.begun))
    for item in ("made", "old", "new", "newer"):
        desk.outbox.add(A, item, passing=item != "made")
    assert desk.outbox.dropped == 1
    desk.outbox.add(B, "gone", passing=False)
    desk.gate.set()
    await desk.outbox.drained()
    assert [item for item in desk.taken if item != "gone"] == ["under way", "made", "newer"]
    assert "gone" in desk.taken
    assert "Too many letters are waiting" in caplog.text
    assert f"{desk.outbox.dropped} letters were dropped" in caplog.text


async def test_lasting_things_are_bounded_too() -> None:
    desk = Desk(most=2)
    desk.outbox.add(A, "under way")
    await until(lambda: bool(desk.begun))
    for number in range(5):
        desk.outbox.add(A, str(number), passing=False)
    assert (desk.outbox.dropped, desk.outbox.unfinished) == (3, 3)
    desk.gate.set()
    await desk.outbox.drained()
    assert desk.taken == ["under way", "3", "4"]


async def test_bytes_are_bounded() -> None:
    desk = Desk(most_bytes=100)
    desk.outbox.add(A, "under way", 90)
    await until(lambda: bool(desk.begun))
    for number in range(3):
        desk.outbox.add(B if number == 2 else A, str(number), 50)
    assert desk.outbox.dropped == 1
    desk.gate.set()
    await desk.outbox.drained()
    assert sorted(desk.taken) == ["1", "2", "under way"]


async def test_a_note_all_of_whose_things_were_dropped_is_passed_over() -> None:
    desk = Desk(most=AT_ONCE)
    for number in range(AT_ONCE):
        desk.outbox.add(NoteKey("w", str(number)), "busy")
    await until(lambda: len(desk.begun) == AT_ONCE)
    desk.outbox.add(A, "dropped")
    for _ in range(AT_ONCE):
        desk.outbox.add(B, "kept")
    desk.gate.set()
    await desk.outbox.drained()
    assert desk.taken.count("kept") == AT_ONCE
    assert "dropped" not in desk.taken


async def test_what_cannot_be_handed_over_is_logged_and_the_next_one_comes(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.gate.set()
    desk.outbox.add(A, "bad")
    desk.outbox.add(A, "good")
    await desk.outbox.drained()
    assert desk.taken == ["good"]
    assert "w/a is missing in the letters" in caplog.text


async def test_a_stop_waits_for_what_is_left(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.outbox.add(A, "1")
    desk.outbox.add(A, "2")
    desk.gate.set()
    await desk.outbox.close(30)
    assert desk.taken == ["1", "2"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    desk.outbox.add(A, "3")
    assert desk.outbox.unfinished == 0


async def test_a_stop_counts_what_it_leaves_behind(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.outbox.add(A, "1")
    desk.outbox.add(A, "2")
    await until(lambda: bool(desk.begun))
    await desk.outbox.close(0)
    assert desk.taken == []
    assert "Stopped with 2 letters not handed over." in caplog.text
