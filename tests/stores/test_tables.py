from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Integer, LargeBinary, Table, Text, delete, func, insert, select

from stores.columns import Timestamp
from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.tables import (
    agents,
    background_tasks,
    codebases,
    conversations,
    metadata,
    note_snapshots,
    note_updates,
    notes,
    schedules,
    schema_history,
    tasks,
    workspaces,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def row(table: Table, **values: Any) -> dict[str, Any]:
    """A row with something in every column that must have a value and has no default."""
    fitting: dict[type, Any] = {Text: "x", Timestamp: NOW, LargeBinary: b"x", Integer: 1}
    filled = {
        column.name: fitting[type(column.type)]
        for column in table.columns
        if not column.nullable and column.default is None and column.identity is None
    }
    return filled | {"workspace_id": "w", "agent_id": "a", "role": "USER"} | values


async def add(database: Database, table: Table, **values: Any) -> None:
    known = {name: value for name, value in row(table, **values).items() if name in table.columns}
    async with database.write() as connection:
        await connection.execute(insert(table).values(known))


async def add_one_of_each(database: Database) -> None:
    await add(database, workspaces, id="w")
    await add(database, notes, id="n")
    await add(database, note_updates, note_id="n")
    await add(database, note_snapshots, note_id="n")
    await add(database, agents, id="a", role="GATE")
    await add(database, conversations, agent_id="a")
    for table in (tasks, codebases, background_tasks, schedules):
        await add(database, table)


async def test_a_workspace_takes_everything_in_it_with_it(database: Database) -> None:
    await add_one_of_each(database)
    async with database.write() as connection:
        await connection.execute(delete(workspaces))
        for table in set(metadata.tables.values()) - {schema_history}:
            assert await connection.scalar(select(func.count()).select_from(table)) == 0, table.name


async def test_nothing_is_kept_for_a_workspace_that_is_not_there(database: Database) -> None:
    for table in (notes, agents, tasks, codebases, background_tasks, schedules):
        with pytest.raises(NotFound):
            await add(database, table, role="GATE")


ENUMERATIONS = {
    workspaces: ["status"],
    notes: ["type", "task_status"],
    agents: ["role", "model_tier", "status"],
    conversations: ["role"],
    tasks: ["status", "priority", "assigned_role", "verification_verdict"],
    codebases: ["source_type"],
    background_tasks: ["status", "trigger_source", "priority"],
}


async def test_an_enumeration_keeps_to_its_values(database: Database) -> None:
    await add(database, workspaces, id="w")
    await add(database, agents, id="a", role="GATE")
    for table, columns in ENUMERATIONS.items():
        for column in columns:
            values = {"id": "new", "role": "GATE" if table is agents else "USER"}
            with pytest.raises(Conflict, match=f"ck_{table.name}_{column}"):
                await add(database, table, **(values | {column: "unheard of"}))


async def test_defaults_are_those_of_the_contract(database: Database) -> None:
    await add_one_of_each(database)
    async with database.read() as connection:
        note = (await connection.execute(select(notes))).one()
        agent = (await connection.execute(select(agents))).one()
        task = (await connection.execute(select(background_tasks))).one()
        assert (note.type, note.content, note.assigned_agent_ids, note.custom) == ("general", "", [], {})
        assert (agent.model_tier, agent.status) == ("SMART", "PENDING")
        assert (task.status, task.attempts, task.max_attempts) == ("PENDING", 0, 3)
        assert await connection.scalar(select(tasks.c.version)) == 1
        assert await connection.scalar(select(workspaces.c.status)) == "active"


async def test_one_default_codebase_a_workspace(database: Database) -> None:
    await add(database, workspaces, id="w")
    await add(database, codebases, id="1", repo_path="/1", is_default=True)
    await add(database, codebases, id="2", repo_path="/2", is_default=False)
    await add(database, codebases, id="3", repo_path="/3", is_default=False)
    with pytest.raises(Conflict):
        await add(database, codebases, id="4", repo_path="/4", is_default=True)


async def test_one_codebase_a_path(database: Database) -> None:
    await add(database, workspaces, id="w")
    await add(database, codebases, id="1", repo_path="/same")
    with pytest.raises(Conflict):
        await add(database, codebases, id="2", repo_path="/same")


async def test_two_workspaces_may_use_the_same_note_id(database: Database) -> None:
    for workspace in ("w", "v"):
        await add(database, workspaces, id=workspace)
        await add(database, notes, id="n", workspace_id=workspace)
    with pytest.raises(Conflict):
        await add(database, notes, id="n", workspace_id="v")


async def test_an_id_of_the_log_is_never_given_twice(database: Database) -> None:
    await add(database, workspaces, id="w")
    await add(database, notes, id="n")
    ids: list[int] = []
    for _ in range(3):
        await add(database, note_updates, note_id="n")
        async with database.write() as connection:
            ids += await connection.scalars(select(note_updates.c.id))
            await connection.execute(delete(note_updates))
    assert ids[0] < ids[1] < ids[2]
