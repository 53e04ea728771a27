import asyncio
from itertools import pairwise

import pytest

from crdt.document import Document
from crdt.room import Room
from server.hosted import HostedNote
from server.turns import Turns
from stores.notelog import NoteKey
from tests.faults.writer import Writer
from tests.server.conftest import quick, serving

WINDOW = 0.05


class Ended:
    """When the turns of which notes ended."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, float]] = []
        self.failed: list[str] = []
        self.wake = asyncio.Event()

    def __call__(self, note: HostedNote) -> None:
        if note.key.note == "broken":
            raise ValueError
        self.notes.append((note.key.note, asyncio.get_running_loop().time()))
        self.wake.set()

    def fail(self, note: HostedNote, _: Exception) -> None:
        self.failed.append(note.key.note)

    async def next(self) -> None:
        await self.wake.wait()
        self.wake.clear()


def note(name: str) -> HostedNote:
    return HostedNote(NoteKey("default", name), Room(Document()))


async def test_a_turn_ends_with_that_of_the_loop_once_for_each_note() -> None:
    ended = Ended()
    turns, one, other = Turns(ended, ended.fail), note("one"), note("other")
    for each in (one, other, one, one):
        turns.touch(each)
    assert ended.notes == []
    await asyncio.sleep(0)
    assert [name for name, _ in ended.notes] == ["one", "other"]
    turns.end()
    assert len(ended.notes) == 2


async def test_with_a_window_turns_are_that_far_apart_unless_they_are_ended() -> None:
    ended = Ended()
    turns, one = Turns(ended, ended.fail, WINDOW), note("one")
    for _ in range(3):
        turns.touch(one)
        await ended.next()
    times = [at for _, at in ended.notes]
    assert all(later - earlier >= WINDOW * 0.99 for earlier, later in pairwise(times))
    turns.touch(one)
    turns.end()  # whoever cannot wait need not
    assert len(ended.notes) == 4


async def test_a_note_for_which_it_is_not_possible_hinders_no_other(caplog: pytest.LogCaptureFixture) -> None:
    ended = Ended()
    turns = Turns(ended, ended.fail)
    for each in (note("broken"), note("well")):
        turns.touch(each)
    await ended.next()
    assert ended.failed == ["broken"]
    assert "A defect: the clients of default/broken are closed" in caplog.text


async def test_what_is_typed_waits_for_the_window_that_is_set() -> None:
    async with serving(quick(merge_seconds=WINDOW, database_url=None, db_driver="memory")) as here:
        url = f"ws://127.0.0.1:{here.port}/ws/default/n"
        async with Writer(url) as ann, Writer(url) as ben:
            began = asyncio.get_running_loop().time()
            for word in ("one ", "two ", "three "):
                await ann.type(word)
                await ann.until_acknowledged()
            assert asyncio.get_running_loop().time() - began >= 2 * WINDOW * 0.99
            await ben.until(lambda: ben.text == ann.text)
