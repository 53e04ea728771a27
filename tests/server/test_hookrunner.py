import asyncio
from dataclasses import replace
from typing import Any, Literal

import pytest

from server.access import ANYBODY, Access, Grant, Identity
from server.hookrunner import FAILURE, HookRunner
from server.hooks import Change, Connection, Hooks, Refused, Request, Stateless
from tests.server.conftest import until

ANN = Identity("ann", (Grant("w", Access.WRITE),))
COMING = Connection("hocuspocus", "127.0.0.1")
SHOWING = Request(COMING, "a token", "w", "n", None)
MESSAGE = Stateless("w", "n", ANN, "hello")


async def nothing() -> str:
    return "the text"


def change(note: str = "n", update: bytes = b"\x00\x00") -> Change:
    return Change("w", note, (ANN,), update, nothing)


class Silent(Hooks):
    """Overrides nothing."""


class Book(Hooks):
    """Writes down what it is told."""

    def __init__(self, name: str = "", book: list[Any] | None = None) -> None:
        self.name = name
        self.book: list[Any] = [] if book is None else book
        self.gate = asyncio.Event()
        self.gate.set()

    async def on_connect(self, connection: Connection) -> None:
        self.book.append((self.name, connection))

    async def on_change(self, change: Change) -> None:
        await self.gate.wait()
        self.book.append((self.name, change.note, await change.text()))

    async def on_stateless(self, message: Stateless) -> str | Literal[False] | None:
        self.book.append((self.name, message.payload))
        return self.name or None


class Bouncer(Hooks):
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def on_connect(self, connection: Connection) -> None:
        raise self.error

    async def on_authorize(self, request: Request) -> Identity | None:
        raise self.error

    async def on_change(self, change: Change) -> None:
        raise self.error

    async def on_stateless(self, message: Stateless) -> str | Literal[False] | None:
        raise self.error


class Sleeper(Hooks):
    async def on_connect(self, connection: Connection) -> None:
        await asyncio.Event().wait()


class Knower(Hooks):
    def __init__(self, identity: Identity | None) -> None:
        self.identity = identity
        self.asked: list[Request] = []

    async def on_authorize(self, request: Request) -> Identity | None:
        self.asked.append(request)
        return self.identity


class Censor(Hooks):
    async def on_stateless(self, message: Stateless) -> str | Literal[False] | None:
        return False


@pytest.mark.parametrize("runner", [HookRunner(), HookRunner([Silent()])])
async def test_without_a_hook_everything_is_as_the_server_has_it(runner: HookRunner) -> None:
    await runner.connecting(COMING)
    assert await runner.authorize(SHOWING) is None
    assert await runner.authorize(replace(SHOWING, identity=ANN)) is ANN
    assert await runner.stateless(MESSAGE) == (True, ())
    assert not runner.wants_stateless
    runner.changed(lambda: pytest.fail("nobody wants to know"))
    await runner.close(0)


async def test_hooks_are_asked_in_order() -> None:
    book: list[Any] = []
    runner = HookRunner([Book("first", book), Silent(), Book("second", book)])
    await runner.connecting(COMING)
    assert book == [("first", COMING), ("second", COMING)]
    assert runner.wants_stateless
    assert await runner.stateless(MESSAGE) == (True, ("first", "second"))


async def test_a_hook_refuses_with_its_sentence(caplog: pytest.LogCaptureFixture) -> None:
    after = Book()
    runner = HookRunner([Bouncer(Refused("Not on a Sunday.")), after])
    for asking in (runner.connecting(COMING), runner.authorize(SHOWING), runner.stateless(MESSAGE)):
        with pytest.raises(Refused, match=r"^Not on a Sunday\.$"):
            await asking
    assert after.book == []
    assert caplog.text == ""


def test_a_refusal_without_a_sentence_has_one() -> None:
    assert str(Refused()) == "The application does not let you in."


async def test_a_hook_that_fails_refuses_without_saying_why_and_the_log_has_the_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runner = HookRunner([Bouncer(KeyError("a secret of the application"))])
    for asking in (runner.connecting(COMING), runner.authorize(SHOWING), runner.stateless(MESSAGE)):
        with pytest.raises(Refused) as refusal:
            await asking
        assert str(refusal.value) == FAILURE
    assert caplog.text.count("Traceback") == 3
    assert "Bouncer.on_authorize" in caplog.text
    assert "a token" not in caplog.text


async def test_a_hook_that_does_not_answer_refuses_too(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Refused, match="try again later"):
        await HookRunner([Sleeper()], seconds=0.01).connecting(COMING)
    assert "Sleeper.on_connect" in caplog.text


async def test_the_last_hook_that_knows_somebody_counts_and_each_sees_what_was_made_of_them_before() -> None:
    bob = replace(ANN, subject="bob")
    hooks = [Knower(bob), Knower(None), Knower(ANN), Knower(None)]
    runner = HookRunner(hooks)
    assert await runner.authorize(replace(SHOWING, identity=ANYBODY)) is ANN
    assert [hook.asked[0].identity for hook in hooks] == [ANYBODY, bob, bob, ANN]
    assert await HookRunner([Knower(None)]).authorize(SHOWING) is None


async def test_a_message_can_be_kept_from_the_others() -> None:
    after = Book("after")
    runner = HookRunner([Book("before"), Censor(), after])
    assert await runner.stateless(MESSAGE) == (False, ("before",))
    assert after.book == []


async def test_changes_come_in_order_and_nobody_waits_for_them() -> None:
    hook = Book("hook")
    hook.gate.clear()
    runner = HookRunner([hook])
    for number in range(3):
        runner.changed(lambda number=number: change("n", bytes([0, number])))  # type: ignore[misc]
    runner.changed(lambda: change("other"))
    assert hook.book == []
    hook.gate.set()
    await until(lambda: len(hook.book) == 4)
    assert hook.book.count(("hook", "n", "the text")) == 3


async def test_a_hook_that_fails_on_a_change_is_logged_and_the_others_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    after = Book("after")
    runner = HookRunner([Bouncer(ValueError("no")), after])
    runner.changed(change)
    await runner.close(30)
    assert after.book == [("after", "n", "the text")]
    assert "A hook failed on a change of w/n" in caplog.text


def test_what_may_be_secret_is_not_shown() -> None:
    connection = Connection("y-websocket", None, {"authorization": "Bearer canary"}, "w", "n")
    shown = repr(Request(connection, "canary", "w", "n", None)) + repr(change(update=b"canary"))
    assert "canary" not in shown
