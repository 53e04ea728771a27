from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.records.workspaces import Workspace, Workspaces
from stores.tables import notes

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.fixture
def workspaces(database: Database) -> Workspaces:
    return Workspaces(database)


async def spec_of(database: Database, workspace: str) -> list[tuple[str, str, str]]:
    statement = select(notes.c.id, notes.c.title, notes.c.type).where(notes.c.workspace_id == workspace)
    async with database.read() as connection:
        return [(key, title, kind) for key, title, kind in await connection.execute(statement)]


async def test_a_workspace_begins_with_its_spec(database: Database, workspaces: Workspaces) -> None:
    made = await workspaces.create({"id": "w", "title": "Work", "repo_path": "/src"}, NOON)
    assert made == Workspace("w", "Work", "active", {}, NOON, NOON, "/src", None)
    assert await spec_of(database, "w") == [("spec", "Spec", "spec")]


async def test_an_id_is_given_once(workspaces: Workspaces) -> None:
    await workspaces.create({"id": "w", "title": "Work"}, NOON)
    with pytest.raises(Conflict, match='The workspace "w" is there already'):
        await workspaces.create({"id": "w", "title": "Another"}, NOON)


async def test_a_workspace_is_made_only_if_it_is_not_there(database: Database, workspaces: Workspaces) -> None:
    made = await workspaces.create({"id": "w", "title": "Work"}, NOON)
    async with database.write() as connection:
        await connection.execute(notes.delete())
    await workspaces.ensure("w", NOON)
    assert await workspaces.read("w") == made
    assert await spec_of(database, "w") == []
    await workspaces.ensure("v", NOON)
    assert (await workspaces.read("v")).title == "v"
    assert await spec_of(database, "v") == [("spec", "Spec", "spec")]


async def test_an_unknown_workspace_is_named(workspaces: Workspaces) -> None:
    await workspaces.ensure("w", NOON)
    await workspaces.require("w")
    with pytest.raises(NotFound, match='There is no workspace "v"'):
        await workspaces.require("v")
