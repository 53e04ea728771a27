import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.records.codebases import Codebase, Codebases
from stores.records.workspaces import Workspaces

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


async def filled(database: Database, *names: str, workspace: str = "w") -> Codebases:
    """Codebases of these ids in a workspace, each a second younger than the one before."""
    await Workspaces(database).ensure(workspace, NOON)
    codebases = Codebases(database)
    for number, name in enumerate(names):
        values = {"id": name, "workspace_id": workspace, "repo_path": f"/{name}"}
        await codebases.create(values, NOON + timedelta(seconds=number))
    return codebases


async def defaults(codebases: Codebases, workspace: str = "w") -> list[str]:
    listed = await codebases.list({"workspace_id": workspace})
    return [codebase.id for codebase in listed.rows if codebase.is_default]


async def test_the_first_one_is_the_default(database: Database) -> None:
    codebases = await filled(database, "a", "b")
    await filled(database, "c", workspace="v")
    assert await codebases.read("a") == Codebase("a", "w", "/a", True, NOON, NOON, None, None, None, None)
    assert await defaults(codebases) == ["a"]
    assert await defaults(codebases, "v") == ["c"]


async def test_a_repository_has_one_place_in_a_workspace(database: Database) -> None:
    codebases = await filled(database, "a", "b")
    with pytest.raises(Conflict, match='The workspace has a codebase at "/a" already'):
        await codebases.create({"id": "c", "workspace_id": "w", "repo_path": "/a"}, NOON)
    with pytest.raises(Conflict, match='The workspace has a codebase at "/a" already'):
        await codebases.update("b", {"repo_path": "/a"}, NOON)
    assert (await codebases.update("b", {"repo_path": "/b"}, NOON)).repo_path == "/b"
    await filled(database, "a2", workspace="v")
    assert (await codebases.update("a2", {"repo_path": "/a"}, NOON)).repo_path == "/a"


async def test_no_codebase_without_a_workspace(database: Database) -> None:
    with pytest.raises(NotFound, match='There is no workspace "nowhere"'):
        await Codebases(database).create({"id": "a", "workspace_id": "nowhere", "repo_path": "/a"}, NOON)


async def test_another_one_is_chosen(database: Database) -> None:
    codebases = await filled(database, "a", "b", "c")
    await filled(database, "d", workspace="v")
    chosen = await codebases.choose("b", LATER)
    assert (chosen.is_default, chosen.updated_at) == (True, LATER)
    assert await codebases.choose("b", LATER + timedelta(1)) == chosen
    assert await defaults(codebases) == ["b"]
    assert await defaults(codebases, "v") == ["d"]
    with pytest.raises(NotFound, match='There is no codebase "z"'):
        await codebases.choose("z", LATER)


async def test_the_oldest_one_takes_the_place_of_a_default_that_is_deleted(database: Database) -> None:
    codebases = await filled(database, "a", "b", "c")
    await codebases.remove("a", LATER)
    assert await defaults(codebases) == ["b"]
    await codebases.remove("c", LATER)
    assert await defaults(codebases) == ["b"]
    await codebases.remove("b", LATER, "w")
    assert (await codebases.list({"workspace_id": "w"})).rows == []


async def test_another_workspace_s_codebase_is_not_deleted(database: Database) -> None:
    codebases = await filled(database, "a")
    with pytest.raises(NotFound, match='There is no codebase "a"'):
        await codebases.remove("a", LATER, "v")
    assert await defaults(codebases) == ["a"]


async def test_of_many_first_ones_at_once_one_is_the_default(shared_database: Database) -> None:
    codebases = await filled(shared_database)
    await asyncio.gather(
        *(
            codebases.create({"id": str(number), "workspace_id": "w", "repo_path": f"/{number}"}, NOON)
            for number in range(20)
        )
    )
    assert len(await defaults(codebases)) == 1


async def test_of_many_choices_at_once_one_stands(shared_database: Database) -> None:
    """Each is accepted, and whoever looks meanwhile sees exactly one default."""
    names = [str(number) for number in range(12)]
    codebases = await filled(shared_database, *names)

    async def look() -> None:
        for _ in range(10):
            assert len(await defaults(codebases)) == 1

    chosen, *_ = await asyncio.gather(asyncio.gather(*(codebases.choose(name, LATER) for name in names)), look())
    assert [codebase.id for codebase in chosen] == names
    assert all(codebase.is_default for codebase in chosen)
    assert len(await defaults(codebases)) == 1


async def test_choosing_and_deleting_at_once_leaves_one_default(shared_database: Database) -> None:
    names = [str(number) for number in range(10)]
    codebases = await filled(shared_database, *names)
    await asyncio.gather(
        *(codebases.choose(name, LATER) for name in names[5:]),
        *(codebases.remove(name, LATER) for name in names[:5]),
    )
    assert len(await defaults(codebases)) == 1
