from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.records.background_tasks import BackgroundTask, BackgroundTasks
from stores.records.queue import Queue
from stores.tables import workspaces

NOW = datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=UTC)


@pytest.fixture
async def records(database: Database) -> BackgroundTasks:
    await with_workspaces(database)
    return BackgroundTasks(database)


async def with_workspaces(database: Database) -> None:
    async with database.write() as connection:
        stamps = {"created_at": NOW, "updated_at": NOW}
        await connection.execute(insert(workspaces), [{"id": name, "title": name, **stamps} for name in ("w", "v")])


async def add(records: BackgroundTasks, key: str, now: datetime = NOW, **values: Any) -> BackgroundTask:
    row = {"id": key, "title": key, "prompt": "do it", "agent_id": "a", "workspace_id": "w", "triggered_by": "user"}
    return await records.create(row | values, now)


async def test_a_task_is_pending_with_the_defaults_of_the_contract(records: BackgroundTasks) -> None:
    made = await add(records, "t")
    assert await records.read("t") == made
    assert (made.status, made.trigger_source, made.priority) == ("PENDING", "manual", "NORMAL")
    assert (made.attempts, made.max_attempts, made.depends_on_task_ids) == (0, 3, [])
    assert (made.created_at, made.updated_at, made.started_at) == (NOW, NOW, None)


async def test_the_newest_comes_first(records: BackgroundTasks) -> None:
    for age in (2, 0, 1):
        await add(records, str(age), NOW - timedelta(seconds=age))
    await add(records, "elsewhere", workspace_id="v")
    assert [task.id for task in (await records.list({"workspace_id": "w"})).rows] == ["0", "1", "2"]


async def test_a_pending_task_can_be_changed_and_no_other(records: BackgroundTasks) -> None:
    await add(records, "t")
    later = NOW + timedelta(seconds=1)
    edited = await records.edit("t", {"title": "new", "priority": "HIGH"}, later)
    assert (edited.title, edited.priority, edited.prompt, edited.updated_at) == ("new", "HIGH", "do it", later)
    assert await Queue(records.database).claim("ann", 60, later)
    with pytest.raises(Conflict, match='The background task "t" is RUNNING: only a PENDING one can be changed'):
        await records.edit("t", {"title": "newer"}, later)
    with pytest.raises(NotFound, match='There is no background task "nowhere"'):
        await records.edit("nowhere", {"title": "x"}, later)


async def test_a_failed_task_can_be_tried_again_while_attempts_are_left(records: BackgroundTasks) -> None:
    await add(records, "t", max_attempts=2)
    queue = Queue(records.database)
    with pytest.raises(Conflict, match="is PENDING: only a FAILED one can be tried again"):
        await records.retry("t", NOW)
    for attempt in (1, 2):
        assert await queue.claim("ann", 60, NOW)
        failed = await queue.finish("t", "ann", NOW, "FAILED", error_message="broken")
        assert (failed.attempts, failed.error_message, failed.completed_at) == (attempt, "broken", NOW)
        if attempt == 1:
            again = await records.retry("t", NOW)
            assert (again.status, again.attempts) == ("PENDING", 1)
            assert (again.error_message, again.started_at, again.completed_at) == (None, None, None)
    with pytest.raises(Conflict, match="has had all of its 2 attempts"):
        await records.retry("t", NOW)


@pytest.mark.parametrize("status", ["PENDING", "COMPLETED", "FAILED", "CANCELLED"])
async def test_a_task_that_does_not_run_is_deleted(records: BackgroundTasks, status: str) -> None:
    await add(records, "t", status=status)
    assert await records.remove("t", NOW) is None
    with pytest.raises(NotFound):
        await records.remove("t", NOW)


async def test_a_running_task_is_cancelled_and_its_worker_finds_out(records: BackgroundTasks) -> None:
    await add(records, "t")
    queue = Queue(records.database)
    assert await queue.claim("ann", 60, NOW)
    cancelled = await records.remove("t", NOW)
    assert cancelled is not None
    assert (cancelled.status, cancelled.completed_at) == ("CANCELLED", NOW)
    with pytest.raises(Conflict, match="is CANCELLED: no worker has it"):
        await queue.renew("t", "ann", NOW)
    assert await queue.expire(NOW + timedelta(days=1)) == 0


async def test_a_running_task_is_deleted_by_force(records: BackgroundTasks) -> None:
    await add(records, "t")
    queue = Queue(records.database)
    assert await queue.claim("ann", 60, NOW)
    assert await records.remove("t", NOW, force=True) is None
    with pytest.raises(NotFound):
        await queue.finish("t", "ann", NOW, "COMPLETED")
