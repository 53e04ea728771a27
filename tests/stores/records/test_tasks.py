import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.records.page import Page
from stores.records.tasks import Task, Tasks
from stores.records.workspaces import Workspaces

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


async def filled(database: Database, *, workspace: str = "w", **dependencies: str) -> Tasks:
    """Tasks by their ids of one letter, each with the ids of those it waits for."""
    await Workspaces(database).ensure(workspace, NOON)
    tasks = Tasks(database)
    for name, wanted in dependencies.items():
        values = {"title": name, "objective": "done", "dependencies": list(wanted)}
        await tasks.create({"id": name, "workspace_id": workspace, **values}, NOON)
    return tasks


async def ready(tasks: Tasks, workspace: str = "w", page: Page | None = None) -> str:
    return "".join(task.id for task in (await tasks.ready(workspace, page or Page())).rows)


def test_every_column_has_its_field() -> None:
    assert set(Task._fields) == set(Tasks.table.c.keys())


async def test_every_change_is_a_version(database: Database) -> None:
    tasks = await filled(database, a="")
    assert (await tasks.read("a")).version == 1
    assert (await tasks.update("a", {"title": "b"}, LATER)).version == 2
    changed = await tasks.update("a", {"status": "BLOCKED"}, LATER, version=2)
    assert (changed.version, changed.status, changed.updated_at) == (3, "BLOCKED", LATER)
    assert (await tasks.update("a", {}, NOON)) == changed
    assert (await tasks.update("a", {}, NOON, version=3)) == changed


@pytest.mark.parametrize("changes", [{"title": "b"}, {}])
async def test_a_stale_version_changes_nothing(database: Database, changes: dict[str, object]) -> None:
    tasks = await filled(database, a="")
    before = await tasks.update("a", {"title": "c"}, NOON)
    with pytest.raises(Conflict, match='The task "a" is at version 2, not 1: read it and change it again'):
        await tasks.update("a", changes, LATER, version=1)
    assert await tasks.read("a") == before


@pytest.mark.parametrize("changes", [{"title": "b"}, {}])
async def test_a_task_that_is_not_there_has_no_version(database: Database, changes: dict[str, object]) -> None:
    with pytest.raises(NotFound, match='There is no task "a"'):
        await Tasks(database).update("a", changes, LATER, version=1)


async def test_of_many_changes_of_one_version_one_is_kept(shared_database: Database) -> None:
    tasks = await filled(shared_database, a="")
    outcomes = await asyncio.gather(
        *(tasks.update("a", {"title": str(number)}, LATER, version=1) for number in range(20)), return_exceptions=True
    )
    (kept,) = [outcome for outcome in outcomes if isinstance(outcome, Task)]
    assert [type(outcome) for outcome in outcomes].count(Conflict) == 19
    assert await tasks.read("a") == kept
    assert kept.version == 2


async def test_changes_at_once_without_a_version_are_counted(shared_database: Database) -> None:
    tasks = await filled(shared_database, a="")
    await asyncio.gather(*(tasks.update("a", {"title": str(number)}, LATER) for number in range(20)))
    assert (await tasks.read("a")).version == 21


async def test_ready_is_what_waits_for_nothing(database: Database) -> None:
    tasks = await filled(database, a="", b="a", c="ab", d="z", e="")
    await filled(database, workspace="v", f="a", g="")
    assert await ready(tasks) == "ae"
    await tasks.update("a", {"status": "COMPLETED"}, LATER)
    assert await ready(tasks) == "be"
    await tasks.update("e", {"status": "IN_PROGRESS"}, LATER)
    assert await ready(tasks) == "b"
    await tasks.update("b", {"status": "COMPLETED"}, LATER)
    assert await ready(tasks) == "c"
    assert await ready(tasks, "v") == "g"


async def test_ready_tasks_come_in_pages(database: Database) -> None:
    tasks = await filled(database, a="", b="z", c="", d="")
    first = await tasks.ready("w", Page(2))
    assert [task.id for task in first.rows] == ["a", "c"]
    assert await ready(tasks, page=Page(2, first.next_cursor)) == "d"
