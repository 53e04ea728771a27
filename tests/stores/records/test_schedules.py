import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from stores.engine import Database
from stores.errors import NotFound
from stores.records.background_tasks import BackgroundTasks
from stores.records.schedules import Schedule, Schedules
from tests.stores.records.test_background_tasks import NOW, with_workspaces

HOUR = timedelta(hours=1)


@pytest.fixture
async def records(database: Database) -> Schedules:
    await with_workspaces(database)
    return Schedules(database)


async def add(records: Schedules, key: str, due: datetime | None = NOW, **values: Any) -> Schedule:
    row = {"id": key, "name": f"name of {key}", "cron_expr": "0 * * * *", "task_prompt": "do it", "agent_id": "a"}
    return await records.create(row | {"workspace_id": "w", "next_run_at": due} | values, NOW)


async def enqueued(database: Database) -> list[str]:
    return [task.title for task in (await BackgroundTasks(database).list()).rows]


async def test_due_is_what_is_enabled_and_whose_time_has_come(records: Schedules) -> None:
    await add(records, "now")
    await add(records, "long ago", NOW - HOUR)
    await add(records, "later", NOW + timedelta(milliseconds=1))
    await add(records, "never", None)
    await add(records, "off", enabled=False)
    assert [schedule.id for schedule in await records.due(NOW)] == ["long ago", "now"]


async def test_a_run_is_enqueued_and_the_next_one_set(records: Schedules) -> None:
    made = await add(records, "s")
    late = NOW + timedelta(seconds=3)
    task = await records.fire(made, "do it now", late, NOW + HOUR)
    assert task is not None
    assert (task.title, task.prompt, task.agent_id, task.workspace_id) == ("name of s", "do it now", "a", "w")
    assert (task.status, task.trigger_source, task.triggered_by) == ("PENDING", "schedule", "schedule:s")
    assert await BackgroundTasks(records.database).read(task.id) == task
    after = await records.read("s")
    assert (after.last_run_at, after.next_run_at, after.last_task_id) == (late, NOW + HOUR, task.id)
    assert await records.due(late) == []


async def test_a_run_that_was_enqueued_moved_called_off_or_deleted_meanwhile_is_not(records: Schedules) -> None:
    fired, moved, off, gone = [await add(records, name) for name in ("fired", "moved", "off", "gone")]
    assert await records.fire(fired, "x", NOW, NOW + HOUR)
    await records.update("moved", {"next_run_at": NOW + HOUR}, NOW)
    await records.update("off", {"enabled": False}, NOW)
    await records.delete("gone")
    for schedule in (fired, moved, off, gone):
        assert await records.fire(schedule, "x", NOW, NOW + 2 * HOUR) is None
    assert await enqueued(records.database) == ["name of fired"]
    assert (await records.read("fired")).next_run_at == NOW + HOUR


async def test_a_run_by_hand_leaves_the_next_one_as_it_is(records: Schedules) -> None:
    made = await add(records, "s", NOW + HOUR, enabled=False)
    task = await records.run(made, "by hand", NOW)
    after = await records.read("s")
    assert (task.prompt, after.last_task_id, after.last_run_at) == ("by hand", task.id, NOW)
    assert after.next_run_at == NOW + HOUR
    await records.delete("s")
    with pytest.raises(NotFound):
        await records.run(made, "too late", NOW)
    assert await enqueued(records.database) == ["name of s"]


async def test_of_many_servers_one_enqueues_a_run(shared_database: Database) -> None:
    await with_workspaces(shared_database)
    records = Schedules(shared_database)
    made = [await add(records, str(number)) for number in range(10)]
    other = await Database.open(shared_database.target)
    servers = [records, Schedules(other)]
    fired = await asyncio.gather(*(server.fire(s, "x", NOW, NOW + HOUR) for s in made for server in servers * 3))
    await other.close()
    assert sum(task is not None for task in fired) == 10
    assert sorted(await enqueued(shared_database)) == sorted(f"name of {number}" for number in range(10))
