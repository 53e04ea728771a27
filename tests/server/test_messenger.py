import asyncio
from typing import Literal

import pytest

from crdt.encoding import write_string
from crdt.envelope import stateless
from crdt.errors import MalformedMessage, TooMuchWaiting
from server.access import ANYBODY
from server.hookrunner import HookRunner
from server.hooks import Hooks, Refused, Stateless
from server.messenger import Messenger
from stores.notelog import NoteKey
from tests.server.conftest import until

KEY = NoteKey("w", "n")


class Door(Hooks):
    """Lets a message through when the test says so."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.asked: list[Stateless] = []

    async def on_stateless(self, message: Stateless) -> str | Literal[False] | None:
        self.asked.append(message)
        await self.gate.wait()
        if message.payload == "bad":
            raise Refused("No.")
        return "heard" if message.payload == "hear me" else None


class Desk:
    def __init__(self, *hooks: Hooks, max_waiting: int = 100) -> None:
        self.passed: list[bytes] = []
        self.replies: list[bytes] = []
        self.refusals: list[str] = []
        self.messenger = Messenger(
            HookRunner(hooks), self.passed.append, self.replies.append, self.refusals.append, max_waiting
        )

    def say(self, *words: str) -> None:
        for word in words:
            self.messenger.take(write_string(word), KEY, ANYBODY)


@pytest.fixture
async def door() -> Door:
    return Door()


async def test_without_a_hook_messages_go_on_at_once() -> None:
    desk = Desk()
    desk.say("a")
    assert desk.passed == [write_string("a")]
    desk.messenger.close()


async def test_messages_keep_their_order_and_replies_go_back(door: Door) -> None:
    desk = Desk(door)
    desk.say("a", "hear me", "b")
    await until(lambda: bool(door.asked))
    assert (len(door.asked), desk.passed) == (1, [])
    door.gate.set()
    await until(lambda: len(desk.passed) == 3)
    assert desk.passed == [write_string(word) for word in ("a", "hear me", "b")]
    assert desk.replies == [stateless(write_string("heard"))]
    assert door.asked[0] == Stateless("w", "n", ANYBODY, "a")
    desk.say("c")
    await until(lambda: len(desk.passed) == 4)


async def test_who_is_refused_is_told_why_and_what_waited_is_dropped(door: Door) -> None:
    desk = Desk(door)
    door.gate.set()
    desk.say("bad", "never")
    await until(lambda: bool(desk.refusals))
    assert (desk.refusals, desk.passed) == (["No."], [])
    desk.say("again")
    await until(lambda: bool(desk.passed))


async def test_only_so_much_waits_for_the_hooks(door: Door) -> None:
    desk = Desk(door, max_waiting=10)
    desk.say("12345")
    await until(lambda: bool(door.asked))
    desk.say("123456789")
    with pytest.raises(TooMuchWaiting):
        desk.say("1")
    door.gate.set()
    await until(lambda: len(desk.passed) == 2)
    desk.say("123456789")


async def test_what_is_no_string_is_malformed(door: Door) -> None:
    with pytest.raises(MalformedMessage):
        Desk(door).messenger.take(b"\x05a", KEY, ANYBODY)


async def test_nothing_is_said_after_the_client_has_left(door: Door) -> None:
    desk = Desk(door)
    desk.say("a", "b")
    await until(lambda: bool(door.asked))
    desk.messenger.close()
    door.gate.set()
    for _ in range(5):
        await asyncio.sleep(0)
    assert (desk.passed, len(door.asked)) == ([], 1)
