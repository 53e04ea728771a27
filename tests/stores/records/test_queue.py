import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.records.background_tasks import BackgroundTasks
from stores.records.queue import Queue
from tests.stores.records.test_background_tasks import NOW, add, with_workspaces


@pytest.fixture
async def records(database: Database) -> BackgroundTasks:
    await with_workspaces(database)
    return BackgroundTasks(database)


@pytest.fixture
def queue(records: BackgroundTasks) -> Queue:
    return Queue(records.database)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


async def claimed(queue: Queue, workspace: str | None = None) -> str | None:
    lease = await queue.claim("ann", 60, NOW, workspace)
    return None if lease is None else lease.task.id


async def test_a_claimed_task_runs(records: BackgroundTasks, queue: Queue) -> None:
    await add(records, "t")
    lease = await queue.claim("ann", 60, NOW)
    assert lease is not None
    assert lease.expires_at == NOW + seconds(60)
    assert (lease.task.status, lease.task.attempts) == ("RUNNING", 1)
    assert (lease.task.started_at, lease.task.last_activity, lease.task.updated_at) == (NOW, NOW, NOW)
    assert await records.read("t") == lease.task
    assert await queue.claim("ben", 60, NOW) is None


async def test_the_most_urgent_comes_first_then_the_oldest(records: BackgroundTasks, queue: Queue) -> None:
    for name, priority, age in [
        ("low", "LOW", 9),
        ("new", "NORMAL", 1),
        ("old", "NORMAL", 2),
        ("high", "HIGH", 0),
        ("highest", "HIGH", 5),
    ]:
        await add(records, name, NOW - seconds(age), priority=priority)
    assert [await claimed(queue) for _ in range(6)] == ["highest", "high", "old", "new", "low", None]


async def test_a_worker_may_keep_to_one_workspace(records: BackgroundTasks, queue: Queue) -> None:
    await add(records, "w1", workspace_id="w", priority="HIGH")
    await add(records, "v1", workspace_id="v")
    assert await claimed(queue, "v") == "v1"
    assert await claimed(queue, "v") is None
    assert await claimed(queue) == "w1"


async def test_a_task_waits_for_all_that_it_depends_on(records: BackgroundTasks, queue: Queue) -> None:
    await add(records, "last", NOW - seconds(9), priority="HIGH", depends_on_task_ids=["first", "second"])
    await add(records, "first", NOW - seconds(2))
    await add(records, "second", NOW - seconds(1), depends_on_task_ids=["first", "first"])
    for name in ("first", "second", "last"):
        assert await claimed(queue) == name
        assert await claimed(queue) is None
        await queue.finish(name, "ann", NOW, "COMPLETED")


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "FAILED", "CANCELLED"])
async def test_only_a_completed_dependency_counts(records: BackgroundTasks, queue: Queue, status: str) -> None:
    await add(records, "t", priority="HIGH", depends_on_task_ids=["before"])
    await add(records, "before", status=status)
    assert await claimed(queue) in ("before", None)
    assert (await records.read("t")).status == "PENDING"


async def test_a_dependency_that_is_gone_or_in_another_workspace_is_not_completed(
    records: BackgroundTasks, queue: Queue
) -> None:
    await add(records, "done", status="COMPLETED", workspace_id="v")
    await add(records, "t", depends_on_task_ids=["done"])
    await add(records, "u", depends_on_task_ids=["never was"])
    assert await claimed(queue) is None


async def test_a_renewed_lease_lasts_as_long_as_before_unless_said(records: BackgroundTasks, queue: Queue) -> None:
    await add(records, "t")
    await queue.claim("ann", 60, NOW)
    lease = await queue.renew("t", "ann", NOW + seconds(50), current_activity="reading", tool_call_count=3)
    assert lease.expires_at == NOW + seconds(110)
    assert (lease.task.current_activity, lease.task.tool_call_count) == ("reading", 3)
    assert lease.task.last_activity == NOW + seconds(50)
    assert await queue.expire(NOW + seconds(109)) == 0
    assert (await queue.renew("t", "ann", NOW + seconds(100), 300)).expires_at == NOW + seconds(400)
    assert (await queue.renew("t", "ann", NOW + seconds(200))).expires_at == NOW + seconds(500)
    assert (await records.read("t")).current_activity == "reading"


async def test_a_lease_that_ran_out_goes_back_and_to_somebody_else(records: BackgroundTasks, queue: Queue) -> None:
    await add(records, "t")
    await queue.claim("ann", 60, NOW)
    assert await queue.expire(NOW + seconds(59.9)) == 0
    assert await queue.expire(NOW + seconds(60)) == 1
    back = await records.read("t")
    assert (back.status, back.attempts, back.error_message) == ("PENDING", 1, None)
    assert (back.started_at, back.completed_at, back.updated_at) == (None, None, NOW + seconds(60))
    with pytest.raises(Conflict, match="is PENDING: no worker has it"):
        await queue.renew("t", "ann", NOW + seconds(60))
    assert await queue.claim("ben", 60, NOW + seconds(61))
    with pytest.raises(Conflict, match='"t" is in the hands of another worker than "ann"'):
        await queue.finish("t", "ann", NOW + seconds(62), "COMPLETED")
    assert (await queue.finish("t", "ben", NOW + seconds(62), "COMPLETED")).attempts == 2


async def test_a_claim_ends_leases_that_ran_out_by_itself(records: BackgroundTasks, queue: Queue) -> None:
    await add(records, "t")
    await queue.claim("ann", 60, NOW)
    lease = await queue.claim("ben", 60, NOW + seconds(60))
    assert lease is not None
    assert (lease.task.id, lease.task.attempts) == ("t", 2)


async def test_the_last_attempt_that_runs_out_has_failed(records: BackgroundTasks, queue: Queue) -> None:
    await add(records, "t", max_attempts=1)
    await queue.claim("ann", 60, NOW)
    end = NOW + seconds(61)
    assert await queue.claim("ben", 60, end) is None
    failed = await records.read("t")
    assert (failed.status, failed.completed_at, failed.started_at) == ("FAILED", end, NOW)
    assert failed.error_message == "The worker ann did not renew its lease, and no attempts are left."


async def test_what_a_worker_did_is_kept(records: BackgroundTasks, queue: Queue) -> None:
    await add(records, "t")
    await queue.claim("ann", 60, NOW)
    end = NOW + seconds(5)
    done = await queue.finish("t", "ann", end, "COMPLETED", task_output="it is 7", output_tokens=5_000_000_000)
    assert (done.status, done.task_output, done.output_tokens) == ("COMPLETED", "it is 7", 5_000_000_000)
    assert (done.completed_at, done.started_at, done.error_message) == (end, NOW, None)
    with pytest.raises(Conflict, match="is COMPLETED: no worker has it"):
        await queue.finish("t", "ann", end, "FAILED")


async def test_nobody_works_on_what_is_not_there(queue: Queue) -> None:
    with pytest.raises(NotFound, match='There is no background task "t"'):
        await queue.renew("t", "ann", NOW)
    with pytest.raises(NotFound):
        await queue.finish("t", "ann", NOW, "FAILED")


@pytest.fixture
async def two_servers(shared_database: Database) -> AsyncIterator[tuple[Database, Database]]:
    """Two servers on one database."""
    await with_workspaces(shared_database)
    other = await Database.open(shared_database.target)
    yield shared_database, other
    await other.close()


async def test_of_100_claims_at_once_each_gets_a_task_of_its_own(two_servers: tuple[Database, Database]) -> None:
    """50 tasks more than there are claims, some of them behind others; then until nothing is left."""
    records = BackgroundTasks(two_servers[0])
    for number in range(150):
        await add(records, f"t{number}", priority=("LOW", "NORMAL", "HIGH")[number % 3])
    queues = [Queue(database) for database in two_servers]

    async def claim(number: int) -> str:
        lease = await queues[number % 2].claim(f"worker {number}", 60, NOW)
        return "nothing" if lease is None else lease.task.id

    first = await asyncio.gather(*map(claim, range(100)))
    assert len(set(first)) == 100
    assert {int(name[1:]) for name in first} >= set(range(2, 150, 3))  # all that are HIGH
    rest = await asyncio.gather(*map(claim, range(100)))
    assert sorted(rest).count("nothing") == 50
    assert {*first, *rest} == {f"t{number}" for number in range(150)} | {"nothing"}
    assert {task.attempts for task in (await records.list()).rows} == {1}


async def test_two_servers_that_end_leases_at_once_end_each_once(two_servers: tuple[Database, Database]) -> None:
    records = BackgroundTasks(two_servers[0])
    queues = [Queue(database) for database in two_servers]
    for number in range(40):
        await add(records, f"t{number}")
        await queues[0].claim("ann", 60, NOW)
    ended = await asyncio.gather(*(queues[n % 2].expire(NOW + seconds(60)) for n in range(10)))
    assert sum(ended) == 40
    assert {(task.status, task.attempts) for task in (await records.list()).rows} == {("PENDING", 1)}


async def test_a_dependency_completed_by_many_workers_at_once_lets_the_next_run_once(
    two_servers: tuple[Database, Database],
) -> None:
    """A chain in layers: workers take whatever is ready, and nothing runs before all of its layer below."""
    records = BackgroundTasks(two_servers[0])
    for layer in range(4):
        below = [f"{layer - 1}-{number}" for number in range(5)] if layer else []
        for number in range(5):
            await add(records, f"{layer}-{number}", depends_on_task_ids=below)
    done: list[str] = []

    async def work(name: str, queue: Queue) -> None:
        async with asyncio.timeout(60):
            while len(done) < 20:
                lease = await queue.claim(name, 60, NOW)
                if lease is not None:
                    assert {task for task in done if task in lease.task.depends_on_task_ids} == set(
                        lease.task.depends_on_task_ids
                    )
                    await queue.finish(lease.task.id, name, NOW, "COMPLETED")
                    done.append(lease.task.id)

    await asyncio.gather(*(work(f"worker {n}", Queue(two_servers[n % 2])) for n in range(8)))
    assert sorted(done) == sorted(f"{layer}-{number}" for layer in range(4) for number in range(5))
