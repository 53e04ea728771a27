"""The contract's rows for codebases, on every store."""

import asyncio
from typing import Any

import httpx

from server.config import Settings
from tests.server.conftest import serving

OF_DEFAULT = "/api/workspaces/default/codebases"


async def make(http: httpx.AsyncClient, path: str = OF_DEFAULT, **values: Any) -> dict[str, Any]:
    made = await http.post(path, json=values)
    assert made.status_code == 201, made.text
    codebase: dict[str, Any] = made.json()["codebase"]
    return codebase


async def defaults(http: httpx.AsyncClient) -> list[str]:
    return [found["id"] for found in (await http.get(OF_DEFAULT)).json()["codebases"] if found["isDefault"]]


async def test_the_first_one_becomes_the_default(http: httpx.AsyncClient) -> None:
    assert (await http.get(OF_DEFAULT)).json() == {"codebases": []}
    given = {"branch": "main", "label": "Main", "sourceType": "github", "sourceUrl": "https://example.org/r"}
    first = await make(http, repoPath="/a", **given)
    assert {key: first[key] for key in given} == given
    assert first["isDefault"] is True
    second = await make(http, repoPath="/b")
    assert set(second) == {"id", "workspaceId", "repoPath", "isDefault", "createdAt", "updatedAt"}
    assert second["isDefault"] is False
    assert (await http.get(OF_DEFAULT)).json() == {"codebases": [first, second]}
    assert (await http.get(f"/api/codebases/{second['id']}")).json() == {"codebase": second}


async def test_a_repository_is_there_once(http: httpx.AsyncClient) -> None:
    await make(http, repoPath="/a")
    other = await make(http, repoPath="/b")
    taken = {"error": 'The workspace has a codebase at "/a" already.'}
    for answer in [
        await http.post(OF_DEFAULT, json={"repoPath": "/a"}),
        await http.patch(f"/api/codebases/{other['id']}", json={"repoPath": "/a"}),
    ]:
        assert (answer.status_code, answer.json()) == (409, taken)
    await http.post("/api/workspaces", json={"id": "w", "title": "w"})
    assert (await make(http, "/api/workspaces/w/codebases", repoPath="/a"))["isDefault"] is True


async def test_a_path_that_does_not_fit_is_refused(http: httpx.AsyncClient) -> None:
    assert (await make(http, repoPath="x" * 1000))["repoPath"] == "x" * 1000
    for path in ["", "x" * 1001, "ü" * 751]:
        answer = await http.post(OF_DEFAULT, json={"repoPath": path})
        assert (answer.status_code, answer.json()["field"]) == (400, "repoPath")
    assert (await make(http, repoPath="ü" * 750))["repoPath"] == "ü" * 750


async def test_a_change_is_kept(http: httpx.AsyncClient) -> None:
    made = await make(http, repoPath="/a", label="a")
    path = f"/api/codebases/{made['id']}"
    changes = {"branch": "dev", "repoPath": "/b", "sourceType": "local", "sourceUrl": "file:///b"}
    changed = (await http.patch(path, json=changes | {"label": None})).json()["codebase"]
    del made["label"]
    assert changed == made | changes | {"updatedAt": changed["updatedAt"]}
    assert (await http.get(path)).json() == {"codebase": changed}


async def test_another_one_is_made_the_default(http: httpx.AsyncClient) -> None:
    first, second = await make(http, repoPath="/a"), await make(http, repoPath="/b")
    chosen = (await http.post(f"/api/codebases/{second['id']}/default")).json()["codebase"]
    assert (chosen["id"], chosen["isDefault"]) == (second["id"], True)
    assert await defaults(http) == [second["id"]]
    assert (await http.delete(f"/api/codebases/{second['id']}")).json() == {"deleted": True}
    assert await defaults(http) == [first["id"]]


async def test_a_codebase_is_deleted_in_its_own_workspace_alone(http: httpx.AsyncClient) -> None:
    made = await make(http, repoPath="/a")
    await http.post("/api/workspaces", json={"id": "w", "title": "w"})
    absent = {"error": f'There is no codebase "{made["id"]}".'}
    answer = await http.delete(f"/api/workspaces/w/codebases/{made['id']}")
    assert (answer.status_code, answer.json()) == (404, absent)
    assert (await http.delete(f"{OF_DEFAULT}/{made['id']}")).json() == {"deleted": True}
    path = f"/api/codebases/{made['id']}"
    for answer in [
        await http.delete(f"{OF_DEFAULT}/{made['id']}"),
        await http.get(path),
        await http.patch(path, json={"label": "a"}),
        await http.delete(path),
        await http.post(f"{path}/default"),
    ]:
        assert (answer.status_code, answer.json()) == (404, absent)


async def test_a_list_comes_in_pages(http: httpx.AsyncClient) -> None:
    made = [(await make(http, repoPath=f"/{number}"))["id"] for number in range(3)]
    first = (await http.get(OF_DEFAULT, params={"limit": 2})).json()
    rest = (await http.get(OF_DEFAULT, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [found["id"] for found in first["codebases"] + rest["codebases"]] == made
    assert "nextCursor" not in rest


async def test_one_default_also_under_calls_at_once_to_two_servers(shared_settings: Settings) -> None:
    async with (
        serving(shared_settings) as one,
        serving(shared_settings) as two,
        one.client() as first,
        two.client() as second,
    ):
        both = (first, second)
        made = await asyncio.gather(
            *(both[number % 2].post(OF_DEFAULT, json={"repoPath": f"/{number}"}) for number in range(12))
        )
        assert [answer.status_code for answer in made] == [201] * 12
        assert len(await defaults(first)) == 1
        chosen = await asyncio.gather(
            *(
                both[number % 2].post(f"/api/codebases/{answer.json()['codebase']['id']}/default")
                for number, answer in enumerate(made)
            )
        )
        assert [answer.status_code for answer in chosen] == [200] * 12
        assert all(answer.json()["codebase"]["isDefault"] for answer in chosen)
        assert len(await defaults(second)) == 1
