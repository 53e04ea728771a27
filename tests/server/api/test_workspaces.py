"""The contract's rows for workspaces, on every store."""

import json
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection

from tests.server.conftest import Here, close_of

PATH = "/api/workspaces"


async def make(http: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    made = await http.post(PATH, json={"title": "Work"} | values)
    assert made.status_code == 201, made.text
    workspace: dict[str, Any] = made.json()["workspace"]
    return workspace


async def test_the_default_is_always_there(http: httpx.AsyncClient) -> None:
    (workspace,) = (await http.get(PATH)).json()["workspaces"]
    assert (workspace["id"], workspace["status"]) == ("default", "active")
    answer = await http.delete(f"{PATH}/default")
    assert answer.status_code == 409
    assert answer.json() == {"error": 'The workspace "default" is always there: delete what is in it instead.'}
    assert (await http.get(f"{PATH}/default")).status_code == 200


async def test_what_was_made_is_read(http: httpx.AsyncClient) -> None:
    made = await make(http)
    assert set(made) == {"id", "title", "status", "metadata", "createdAt", "updatedAt"}
    assert (made["title"], made["status"], made["metadata"]) == ("Work", "active", {})
    answer = await http.get(f"{PATH}/{made['id']}")
    assert (answer.status_code, answer.json()) == (200, {"workspace": made})


async def test_everything_may_be_given(http: httpx.AsyncClient) -> None:
    given = {"id": "w 1", "repoPath": "/src", "branch": "main", "metadata": {"a": "b"}}
    made = await make(http, **given)
    assert {key: made[key] for key in given} == given
    assert (await http.get(f"{PATH}/w%201")).json() == {"workspace": made}
    answer = await http.post(PATH, json={"title": "Again", "id": "w 1"})
    assert (answer.status_code, answer.json()) == (409, {"error": 'The workspace "w 1" is there already.'})


async def test_a_new_workspace_has_its_spec(http: httpx.AsyncClient) -> None:
    made = await make(http)
    for workspace in (made["id"], "default"):
        note = (await http.get(f"/api/notes/{workspace}/spec")).json()["note"]
        assert (note["id"], note["title"], note["metadata"]["type"]) == ("spec", "Spec", "spec")


async def test_a_change_is_kept(http: httpx.AsyncClient) -> None:
    made = await make(http, branch="main")
    path = f"{PATH}/{made['id']}"
    changes = {"title": "Play", "repoPath": "/src", "status": "archived", "metadata": {"a": "b"}}
    changed = (await http.patch(path, json=changes)).json()["workspace"]
    assert changed == made | changes | {"updatedAt": changed["updatedAt"]}
    assert changed["updatedAt"] > made["updatedAt"]
    without = (await http.patch(path, json={"branch": None})).json()["workspace"]
    assert "branch" not in without
    assert (await http.patch(path, json={})).json() == {"workspace": without}
    assert (await http.get(path)).json() == {"workspace": without}


async def test_a_workspace_is_archived_and_brought_back(http: httpx.AsyncClient) -> None:
    made = await make(http)
    path = f"{PATH}/{made['id']}/archive"
    for body, status in [({"archive": True}, "archived"), ({"archive": False}, "active"), ({}, "archived")]:
        assert (await http.post(path, json=body)).json()["workspace"]["status"] == status
    await http.post(path, json={"archive": False})
    assert (await http.post(path)).json()["workspace"]["status"] == "archived"
    archived = (await http.get(PATH, params={"status": "archived"})).json()["workspaces"]
    assert [workspace["id"] for workspace in archived] == [made["id"]]
    active = (await http.get(PATH, params={"status": "active"})).json()["workspaces"]
    assert [workspace["id"] for workspace in active] == ["default"]


async def test_a_list_comes_in_pages(http: httpx.AsyncClient) -> None:
    made = ["default", *[(await make(http))["id"] for _ in range(4)]]
    found: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        answer = (await http.get(PATH, params=query)).json()
        found += [workspace["id"] for workspace in answer["workspaces"]]
        if "nextCursor" not in answer:
            break
        query["cursor"] = answer["nextCursor"]
    assert found == made


async def test_an_unknown_workspace_is_named(http: httpx.AsyncClient) -> None:
    path = f"{PATH}/nowhere"
    for answer in [
        await http.get(path),
        await http.patch(path, json={"title": "a"}),
        await http.post(f"{path}/archive"),
        await http.delete(path),
        await http.get(f"{path}/codebases"),
        await http.post(f"{path}/codebases", json={"repoPath": "/a"}),
        await http.get("/api/agents", params={"workspaceId": "nowhere"}),
        await http.post("/api/agents", json={"name": "a", "role": "GATE", "workspaceId": "nowhere"}),
        await http.get("/api/tasks", params={"workspaceId": "nowhere"}),
        await http.get("/api/tasks/ready", params={"workspaceId": "nowhere"}),
        await http.delete("/api/tasks", params={"workspaceId": "nowhere"}),
        await http.post("/api/tasks", json={"title": "a", "objective": "b", "workspaceId": "nowhere"}),
    ]:
        assert (answer.status_code, answer.json()) == (404, {"error": 'There is no workspace "nowhere".'})


async def test_all_that_belongs_to_a_workspace_goes_with_it(http: httpx.AsyncClient) -> None:
    await make(http, id="w")
    mine = {"workspaceId": "w"}
    agent = (await http.post("/api/agents", json=mine | {"name": "a", "role": "GATE"})).json()["agentId"]
    task = (await http.post("/api/tasks", json=mine | {"title": "a", "objective": "b"})).json()["task"]["id"]
    codebase = (await http.post(f"{PATH}/w/codebases", json={"repoPath": "/a"})).json()["codebase"]["id"]
    await http.post(f"/api/conversations/{agent}", json={"role": "USER", "content": "hello"})
    assert (await http.delete(f"{PATH}/w")).json() == {"deleted": True}
    for path in [
        f"{PATH}/w",
        f"/api/agents/{agent}",
        f"/api/tasks/{task}",
        f"/api/codebases/{codebase}",
        f"/api/conversations/{agent}",
        "/api/notes/w/spec",
    ]:
        assert (await http.get(path)).status_code == 404
    assert (await http.delete(f"{PATH}/w")).status_code == 404


async def synced(client: ClientConnection) -> None:
    assert await client.recv() == b"\x00\x00\x01\x00"


async def test_editors_of_its_notes_are_disconnected(everywhere: Here, http: httpx.AsyncClient) -> None:
    await make(http, id="w")
    async with everywhere.connect("/ws/w/spec") as editor, everywhere.connect("/ws/default/spec") as other:
        await synced(editor)
        await synced(other)
        assert (await http.delete(f"{PATH}/w")).status_code == 200
        assert (await close_of(editor))[0] == 4404
        await other.ping()
        assert other.close_code is None
    assert (await http.get(f"{PATH}/w")).status_code == 404


async def test_the_notes_of_a_deleted_workspace_are_told_of(everywhere: Here) -> None:
    async with everywhere.client() as http:
        await http.post("/api/workspaces", json={"id": "shop", "title": "Shop"})
        await http.post("/api/notes", json={"noteId": "plan", "title": "Plan", "workspaceId": "shop"})
        told = everywhere.service.events.subscribe("shop")
        await http.delete("/api/workspaces/shop")
        events = [json.loads((await anext(told)).data) for _ in range(2)]
    assert {event["noteId"] for event in events} == {"spec", "plan"}
    assert {event["type"] for event in events} == {"note:deleted"}
