import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server import ticker as ticker_module
from server.ticker import Ticker, prompt_of
from stores.engine import Database
from stores.errors import Unavailable
from stores.records.background_tasks import BackgroundTask, BackgroundTasks
from stores.records.queue import Queue
from stores.records.schedules import Schedule, Schedules
from stores.records.workspaces import Workspaces
from tests.server.conftest import until

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@dataclass
class Desk:
    """A database, a clock that only the test moves, and a server's ticker."""

    database: Database
    now: datetime = NOON
    ticker: Ticker = field(init=False)

    def __post_init__(self) -> None:
        self.schedules = Schedules(self.database)
        self.ticker = self.server(self.database)

    def server(self, database: Database) -> Ticker:
        return Ticker(database, lambda: self.now)

    async def add(self, key: str = "s", cron: str = "*/10 * * * *", **values: Any) -> Schedule:
        row = {"id": key, "name": key, "cron_expr": cron, "task_prompt": "do it", "agent_id": "a", "workspace_id": "w"}
        return await self.schedules.create(row | {"next_run_at": NOON + 10 * MINUTE} | values, self.now)

    async def tasks(self) -> list[BackgroundTask]:
        return (await BackgroundTasks(self.database).list()).rows


@pytest.fixture
async def desk(database: Database) -> Desk:
    await Workspaces(database).ensure("w", NOON)
    return Desk(database)


async def test_a_schedule_fires_when_it_is_due_and_not_before(desk: Desk) -> None:
    await desk.add()
    desk.now += 10 * MINUTE - timedelta(milliseconds=1)
    assert await desk.ticker.tick() == []
    desk.now += timedelta(milliseconds=1)
    assert await desk.ticker.tick() == ["s"]
    assert await desk.ticker.tick() == []
    (task,) = await desk.tasks()
    assert (task.status, task.trigger_source, task.created_at) == ("PENDING", "schedule", NOON + 10 * MINUTE)
    after = await desk.schedules.read("s")
    assert (after.last_run_at, after.last_task_id) == (NOON + 10 * MINUTE, task.id)
    assert after.next_run_at == NOON + 20 * MINUTE


async def test_after_a_long_time_away_a_schedule_catches_up_with_one_run(desk: Desk) -> None:
    await desk.add()
    desk.now += timedelta(days=3, minutes=4)
    assert await desk.ticker.tick() == ["s"]
    assert await desk.ticker.tick() == []
    assert len(await desk.tasks()) == 1
    assert (await desk.schedules.read("s")).next_run_at == NOON + timedelta(days=3, minutes=10)


async def test_what_is_not_enabled_does_not_fire(desk: Desk) -> None:
    await desk.add(enabled=False)
    desk.now += timedelta(hours=1)
    assert await desk.ticker.tick() == []


async def test_a_template_is_filled_in_with_the_time_and_the_expression(desk: Desk) -> None:
    plain = await desk.add("plain", task_prompt="at {timestamp}")
    filled = await desk.add("filled", prompt_template="{cronExpr} at {timestamp}, {timestamp} {other}")
    moment = NOON + timedelta(milliseconds=7)
    assert prompt_of(plain, moment) == "at {timestamp}"
    stamp = "2026-01-01T12:00:00.007Z"
    assert prompt_of(filled, moment) == f"*/10 * * * * at {stamp}, {stamp} {{other}}"
    desk.now = NOON + 10 * MINUTE
    await desk.ticker.tick()
    assert {task.prompt for task in await desk.tasks()} == {
        "at {timestamp}",
        "*/10 * * * * at 2026-01-01T12:10:00.000Z, 2026-01-01T12:10:00.000Z {other}",
    }


async def test_an_expression_that_is_not_understood_any_more_runs_once_and_says_so(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.add(cron="every now and then")
    desk.now += timedelta(hours=1)
    assert await desk.ticker.tick() == ["s"]
    desk.now += timedelta(days=1)
    assert await desk.ticker.tick() == []
    assert (await desk.schedules.read("s")).next_run_at is None
    assert 'The schedule "s" runs for the last time: The cron expression "every now and then"' in caplog.text


async def test_a_tick_ends_the_leases_that_ran_out(desk: Desk) -> None:
    await desk.schedules.run(await desk.add(), "x", desk.now)
    await Queue(desk.database).claim("ann", 60, desk.now)
    desk.now += MINUTE
    await desk.ticker.tick()
    assert [task.status for task in await desk.tasks()] == ["PENDING"]


@pytest.fixture
async def two_servers(shared_database: Database) -> AsyncIterator[tuple[Desk, Ticker, Ticker]]:
    """Two servers on one database."""
    await Workspaces(shared_database).ensure("w", NOON)
    desk = Desk(shared_database)
    other = await Database.open(shared_database.target)
    yield desk, desk.ticker, desk.server(other)
    await other.close()


async def test_two_servers_that_tick_at_once_fire_each_schedule_once(
    two_servers: tuple[Desk, Ticker, Ticker],
) -> None:
    desk, one, other = two_servers
    names = [f"s{number}" for number in range(20)]
    for name in names:
        await desk.add(name)
    for round_of_ticks in (1, 2, 3):
        desk.now += 10 * MINUTE
        fired = await asyncio.gather(one.tick(), other.tick(), one.tick(), other.tick())
        assert sorted(name for ticked in fired for name in ticked) == sorted(names)
        assert len(await desk.tasks()) == 20 * round_of_ticks


async def test_a_server_ticks_by_itself_also_after_the_store_was_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ticker_module, "PAUSE", 0.001)
    tick = desk.ticker.tick
    rounds = 0

    async def troubled() -> list[str]:
        nonlocal rounds
        rounds += 1
        if rounds in (1, 2, 4):
            raise Unavailable("away")
        if rounds == 5:
            raise ZeroDivisionError
        return await tick()

    monkeypatch.setattr(desk.ticker, "tick", troubled)
    running = asyncio.create_task(desk.ticker.run())
    await until(lambda: rounds > 6)
    await desk.add()
    desk.now += 10 * MINUTE
    async with asyncio.timeout(10):
        while not await desk.tasks():
            await asyncio.sleep(0.001)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    away = "No schedule is fired until the store is back: away"
    assert caplog.messages == [away, away, "A defect while schedules were fired"]
