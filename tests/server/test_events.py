import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from server.events import Event, Events, Subscription
from tests.server.conftest import until

NOW = datetime(2026, 1, 1, 12, 0, 0, 5000, tzinfo=UTC)
NOTE = {"id": "n", "title": "N", "content": "hello"}


def events(most_events: int = 1_000, most_bytes: int = 1_000_000) -> Events:
    return Events(lambda: NOW, most_events, most_bytes)


def publish(events: Events, note: str, workspace: str = "w") -> None:
    events.publish("updated", workspace, note, "user", {"id": note})


async def taken(subscription: Subscription, count: int) -> list[Event]:
    """The next events, which are there already."""
    async with asyncio.timeout(10):
        return [await anext(subscription) for _ in range(count)]


async def notes(subscription: Subscription, count: int) -> list[str]:
    return [json.loads(event.data)["noteId"] for event in await taken(subscription, count)]


def greeting(subscription: Subscription) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(subscription.greeting.data)
    return content


def is_waiting(subscription: Subscription) -> bool:
    return subscription._events.following(subscription) is None


async def test_the_messages_are_those_of_the_contract() -> None:
    told = events()
    subscription = told.subscribe()
    first = greeting(subscription)
    assert first.pop("connectionId") != greeting(told.subscribe())["connectionId"]
    assert first == {"type": "connected", "workspaceId": "*", "timestamp": "2026-01-01T12:00:00.005Z"}
    told.publish("created", "w", "n", "agent", NOTE)
    told.publish("updated", "w", "n", "user", NOTE)
    told.publish("deleted", "w", "n", "system")
    common = {"noteId": "n", "workspaceId": "w", "timestamp": "2026-01-01T12:00:00.005Z"}
    assert [json.loads(event.data) for event in await taken(subscription, 3)] == [
        {"type": "note:created", "source": "agent", "note": NOTE, **common},
        {"type": "note:updated", "source": "user", "note": NOTE, **common},
        {"type": "note:deleted", "source": "system", **common},
    ]
    assert is_waiting(subscription)


async def test_a_listener_may_keep_to_one_workspace() -> None:
    told = events()
    mine, all_of_them = told.subscribe("w"), told.subscribe("*")
    assert greeting(mine)["workspaceId"] == "w"
    publish(told, "theirs", "v")
    publish(told, "ours", "w")
    publish(told, "theirs too", "v")
    assert await notes(mine, 1) == ["ours"]
    assert is_waiting(mine)
    assert await notes(all_of_them, 3) == ["theirs", "ours", "theirs too"]


async def test_who_waits_is_woken() -> None:
    told = events()
    subscription = told.subscribe()
    waiting = asyncio.ensure_future(anext(subscription))
    await asyncio.sleep(0)
    publish(told, "n")
    async with asyncio.timeout(10):
        assert json.loads((await waiting).data)["noteId"] == "n"


async def test_who_comes_back_gets_what_it_missed() -> None:
    told = events()
    first = told.subscribe()
    for name in "abcd":
        publish(told, name)
    last_seen = (await taken(first, 2))[-1].id
    told.unsubscribe(first)
    publish(told, "e")
    second = told.subscribe("*", last_seen)
    assert "missed" not in greeting(second)
    assert second.greeting.id == last_seen  # lost before anything else, it goes on from the same place
    assert await notes(second, 3) == ["c", "d", "e"]
    publish(told, "f")
    assert await notes(second, 1) == ["f"]


async def test_who_has_seen_only_the_greeting_can_come_back_too() -> None:
    told = events()
    first = told.subscribe()
    publish(told, "a")
    assert await notes(told.subscribe("*", first.greeting.id), 1) == ["a"]


async def test_what_cannot_be_told_any_more_is_said_to_be_missed() -> None:
    told = events(most_events=3)
    first = told.subscribe()
    for name in "abcd":
        publish(told, name)
        (seen,) = await taken(first, 1)
        if name == "a":
            oldest = seen.id
    assert await notes(told.subscribe("*", oldest), 3) == ["b", "c", "d"]
    publish(told, "e")
    late = told.subscribe("*", oldest)
    assert greeting(late)["missed"] is True
    assert is_waiting(late)
    assert late.greeting.id == seen.id.replace("-4", "-5")


async def test_an_id_that_this_process_did_not_give_is_said_to_be_missed_too() -> None:
    told = events()
    own = told.subscribe().greeting.id
    strange = events().subscribe().greeting.id
    for last_id in (strange, "", "7", "-", own + "x", own.replace("-0", "-1"), own + "9" * 5000, own[:-1] + "²"):
        assert greeting(told.subscribe("*", last_id))["missed"] is True, last_id


async def test_the_history_is_bounded_in_bytes_but_holds_the_newest() -> None:
    told = events(most_bytes=1_000)
    subscription = told.subscribe()
    for number in range(100):
        publish(told, str(number))
    assert 2 < len(told._history) < 10
    assert told._bytes == sum(len(event.data) for event in told._history) <= 1_000
    told.publish("updated", "w", "large", "user", {"content": "x" * 5_000})
    assert len(told._history) == 1
    assert subscription.closed


async def test_a_large_event_does_not_drop_who_has_read_all_before() -> None:
    told = events(most_bytes=1_000)
    subscription = told.subscribe()
    for name in ("a", "b"):
        told.publish("updated", "w", name, "user", {"content": "x" * 5_000})
        assert await notes(subscription, 1) == [name]


async def test_who_falls_behind_the_history_is_dropped_and_nobody_else() -> None:
    told = events(most_events=3)
    slow, quick, elsewhere = told.subscribe(), told.subscribe(), told.subscribe("v")
    closings: list[str] = []
    slow.on_close = lambda: closings.append("slow")
    for name in "abcd":
        publish(told, name)
        assert await notes(quick, 1) == [name]
    assert slow.closed
    assert closings == ["slow"]
    assert [event async for event in slow] == []
    assert not quick.closed
    assert not elsewhere.closed
    assert told.subscribers == 2


async def test_somebody_elses_events_do_not_push_a_listener_out() -> None:
    told = events(most_events=3)
    subscription = told.subscribe("w")
    for _ in range(10):
        publish(told, "theirs", "v")
    publish(told, "ours")
    for _ in range(2):
        publish(told, "theirs", "v")
    assert await notes(subscription, 1) == ["ours"]
    assert told.id_of(subscription.position) == subscription.greeting.id.replace("-0", "-11")


async def test_nothing_is_kept_while_nobody_has_ever_listened() -> None:
    told = events()
    publish(told, "a")
    assert len(told._history) == 0
    assert not told.awaited
    told.unsubscribe(told.subscribe())
    publish(told, "b")
    assert len(told._history) == 1


async def test_at_the_end_everybody_is_let_go_at_once() -> None:
    told = events()
    subscription = told.subscribe()
    waiting = asyncio.ensure_future(subscription.__anext__())
    await asyncio.sleep(0)
    told.close()
    await until(waiting.done)
    assert isinstance(waiting.exception(), StopAsyncIteration)
    assert told.subscribers == 0
    late = told.subscribe()
    assert late.closed
    assert told.subscribers == 0
