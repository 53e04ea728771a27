import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from server.coalescer import INTERVAL, Coalescer
from stores.errors import Unavailable
from stores.notelog import NoteKey
from tests.server.conftest import until

A, B = NoteKey("w", "a"), NoteKey("w", "b")


@dataclass
class Alarm:
    """Something put off."""

    ring: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Desk:
    """A coalescer, what it told, and a timer that only the test moves."""

    told: list[NoteKey] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    def __post_init__(self) -> None:
        self.gate.set()
        self.coalescer = Coalescer(self.tell, self.later)

    async def tell(self, key: NoteKey) -> None:
        self.told.append(key)
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure

    def later(self, seconds: float, call: Callable[[NoteKey], None], key: NoteKey) -> Alarm:
        assert seconds == INTERVAL == 1.0
        self.alarms.append(Alarm(lambda: call(key)))
        return self.alarms[-1]

    async def a_second_passes(self) -> None:
        await until(lambda: not self.coalescer._tasks)
        alarms, self.alarms = self.alarms, []
        for alarm in alarms:
            alarm.ring()
        await until(lambda: not self.coalescer._tasks)


@pytest.fixture
async def desk() -> Desk:
    return Desk()


async def test_the_first_change_is_told_at_once_and_the_rest_once_a_second(desk: Desk) -> None:
    for _ in range(50):
        desk.coalescer.changed(A)
    await until(lambda: desk.told == [A])
    desk.coalescer.changed(A)
    await desk.a_second_passes()
    assert desk.told == [A, A]
    await desk.a_second_passes()
    await desk.a_second_passes()
    assert desk.told == [A, A]
    assert desk.alarms == []
    desk.coalescer.changed(A)
    await until(lambda: desk.told == [A, A, A])


async def test_every_note_has_a_second_of_its_own(desk: Desk) -> None:
    desk.coalescer.changed(A)
    desk.coalescer.changed(B)
    await until(lambda: desk.told == [A, B])


async def test_a_change_while_it_is_being_told_is_told_after_it(desk: Desk) -> None:
    desk.gate.clear()
    desk.coalescer.changed(A)
    await until(lambda: desk.told == [A])
    desk.coalescer.changed(A)
    assert desk.alarms == []
    desk.gate.set()
    await desk.a_second_passes()
    assert desk.told == [A, A]


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Unavailable("The store is away."), "Nobody was told that w/a changed: The store is away."),
        (ZeroDivisionError(), "A defect while w/a was read for its listeners"),
    ],
)
async def test_a_failure_is_logged_and_the_note_told_of_with_the_next_change(
    desk: Desk, caplog: pytest.LogCaptureFixture, failure: Exception, said: str
) -> None:
    desk.failure = failure
    desk.coalescer.changed(A)
    await desk.a_second_passes()
    assert caplog.messages == [said]
    desk.coalescer.changed(A)
    await until(lambda: desk.told == [A, A])


async def test_after_the_end_nothing_is_told(desk: Desk) -> None:
    desk.coalescer.changed(A)
    await until(lambda: bool(desk.alarms))
    desk.gate.clear()
    desk.coalescer.changed(B)
    await until(lambda: desk.told == [A, B])
    desk.coalescer.close()
    await until(lambda: not desk.coalescer._tasks)
    assert [alarm.cancelled for alarm in desk.alarms] == [True]
    desk.coalescer.changed(NoteKey("w", "c"))
    assert not desk.coalescer._tasks
