"""The contract's rows for tasks, on every store."""

import asyncio
from typing import Any

import httpx
import pytest

from server.config import Settings
from tests.server.conftest import serving

PATH = "/api/tasks"
LISTS: dict[str, list[str]] = {
    "acceptanceCriteria": [],
    "verificationCommands": [],
    "testCases": [],
    "labels": [],
    "codebaseIds": [],
}
SETTABLE: dict[str, Any] = {
    "status": "REVIEW_REQUIRED",
    "dependencies": ["a", "b"],
    "scope": "server",
    "acceptanceCriteria": ["it works"],
    "verificationCommands": ["scripts/test"],
    "testCases": ["one", "two"],
    "assignedTo": "agent",
    "boardId": "board",
    "columnId": "column",
    "position": -3,
    "priority": "urgent",
    "labels": ["ü😀"],
    "assignee": "Ann",
    "assignedProvider": "provider",
    "assignedRole": "GATE",
    "assignedSpecialistId": "s1",
    "assignedSpecialistName": "Specialist",
    "triggerSessionId": "t1",
    "sessionId": "s2",
    "githubId": "123",
    "githubNumber": 42,
    "githubUrl": "https://example.org/issues/42",
    "githubRepo": "routa/notes",
    "githubState": "open",
    "githubSyncedAt": "2026-03-29T12:00:00.125Z",
    "lastSyncError": "none",
    "parallelGroup": "p",
    "codebaseIds": ["c"],
    "completionSummary": "done",
    "verificationVerdict": "NOT_APPROVED",
    "verificationReport": "no",
}


async def make(http: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    made = await http.post(PATH, json={"title": "Build", "objective": "It stands"} | values)
    assert made.status_code == 201, made.text
    task: dict[str, Any] = made.json()["task"]
    return task


async def listed(http: httpx.AsyncClient, path: str = PATH, **query: Any) -> list[str]:
    return [task["id"] for task in (await http.get(path, params=query)).json()["tasks"]]


async def test_what_was_made_is_read(http: httpx.AsyncClient) -> None:
    assert (await http.get(PATH)).json() == {"tasks": []}
    made = await make(http)
    expected = {
        "title": "Build",
        "objective": "It stands",
        "status": "PENDING",
        "dependencies": [],
        "workspaceId": "default",
        "version": 1,
    }
    assert made == expected | LISTS | {key: made[key] for key in ("id", "createdAt", "updatedAt")}
    assert (await http.get(f"{PATH}/{made['id']}")).json() == {"task": made}
    assert (await http.get(PATH)).json() == {"tasks": [made]}


async def test_every_field_may_be_given_changed_and_taken_away(http: httpx.AsyncClient) -> None:
    made = await make(http, id="t", **SETTABLE)
    assert {key: made[key] for key in SETTABLE} == SETTABLE
    other = await make(http)
    path = f"{PATH}/{other['id']}"
    changed = (await http.patch(path, json=SETTABLE | {"title": "a", "objective": "b"})).json()["task"]
    assert {key: changed[key] for key in SETTABLE} == SETTABLE
    assert (changed["title"], changed["objective"], changed["version"]) == ("a", "b", 2)
    required = {"status", "dependencies", *LISTS}
    without = (await http.patch(path, json=dict.fromkeys(SETTABLE.keys() - required))).json()["task"]
    assert set(without) == set(other)
    for key in required:
        answer = await http.patch(path, json={key: None})
        assert (answer.status_code, answer.json()["field"]) == (400, key)


async def test_an_id_is_given_once(http: httpx.AsyncClient) -> None:
    await make(http, id="t")
    answer = await http.post(PATH, json={"id": "t", "title": "a", "objective": "b"})
    assert (answer.status_code, answer.json()) == (409, {"error": 'The task "t" is there already.'})


async def test_a_list_is_filtered(http: httpx.AsyncClient) -> None:
    await http.post("/api/workspaces", json={"id": "w", "title": "w"})
    one = (await make(http, assignedTo="ann"))["id"]
    two = (await make(http, assignedTo="bob", sessionId="s"))["id"]
    three = (await make(http, workspaceId="w", status="BLOCKED", sessionId="s"))["id"]
    assert await listed(http) == [one, two]
    assert await listed(http, workspaceId="w") == [three]
    assert await listed(http, assignedTo="bob") == [two]
    assert await listed(http, sessionId="s", status="PENDING") == [two]
    assert await listed(http, status="BLOCKED") == []


async def test_a_list_comes_in_pages_that_inserts_do_not_move(http: httpx.AsyncClient) -> None:
    made = [(await make(http))["id"] for _ in range(5)]
    first = (await http.get(PATH, params={"limit": 2})).json()
    await http.delete(f"{PATH}/{made[1]}")
    made.append((await make(http))["id"])
    second = (await http.get(PATH, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    third = (await http.get(PATH, params={"limit": 2, "cursor": second["nextCursor"]})).json()
    assert [task["id"] for page in (first, second, third) for task in page["tasks"]] == made
    assert "nextCursor" not in third


async def test_ready_is_what_waits_for_nothing(http: httpx.AsyncClient) -> None:
    first = (await make(http))["id"]
    second = (await make(http, dependencies=[first]))["id"]
    third = (await make(http, dependencies=[first, second]))["id"]
    await make(http, dependencies=["missing"])
    ready = f"{PATH}/ready"
    assert await listed(http, ready) == [first]
    answer = await http.post(f"{PATH}/{first}/status", json={"status": "COMPLETED"})
    assert (answer.status_code, answer.json()) == (200, {"updated": True})
    assert await listed(http, ready, workspaceId="default") == [second]
    await http.patch(f"{PATH}/{second}", json={"status": "COMPLETED"})
    assert await listed(http, ready, limit=1) == [third]


async def test_a_stale_version_is_a_conflict(http: httpx.AsyncClient) -> None:
    made = await make(http, id="t")
    path = f"{PATH}/t"
    changed = (await http.patch(path, json={"title": "a", "version": 1})).json()["task"]
    assert changed == made | {"title": "a", "version": 2, "updatedAt": changed["updatedAt"]}
    for changes in [{"title": "b"}, {}]:
        answer = await http.patch(path, json=changes | {"version": 1})
        sentence = 'The task "t" is at version 2, not 1: read it and change it again.'
        assert (answer.status_code, answer.json()) == (409, {"error": sentence})
    assert (await http.get(path)).json() == {"task": changed}


async def test_of_many_patches_of_one_version_one_is_kept(shared_settings: Settings) -> None:
    async with (
        serving(shared_settings) as one,
        serving(shared_settings) as two,
        one.client() as first,
        two.client() as second,
    ):
        await make(first, id="t")
        answers = await asyncio.gather(
            *(
                (first, second)[number % 2].patch(f"{PATH}/t", json={"title": str(number), "version": 1})
                for number in range(30)
            )
        )
        (kept,) = [answer.json()["task"] for answer in answers if answer.status_code == 200]
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 29
        assert (await second.get(f"{PATH}/t")).json() == {"task": kept}
        assert kept["version"] == 2


async def test_a_deleted_task_is_gone(http: httpx.AsyncClient) -> None:
    await make(http, id="t")
    path = f"{PATH}/t"
    assert (await http.delete(path)).json() == {"deleted": True}
    for answer in [
        await http.get(path),
        await http.patch(path, json={"title": "a"}),
        await http.patch(path, json={"title": "a", "version": 1}),
        await http.post(f"{path}/status", json={"status": "BLOCKED"}),
        await http.delete(path),
    ]:
        assert (answer.status_code, answer.json()) == (404, {"error": 'There is no task "t".'})


async def test_all_tasks_of_a_workspace_are_deleted(http: httpx.AsyncClient) -> None:
    await http.post("/api/workspaces", json={"id": "w", "title": "w"})
    for _ in range(3):
        await make(http, workspaceId="w")
    kept = (await make(http))["id"]
    assert (await http.delete(PATH, params={"workspaceId": "w"})).json() == {"deleted": 3}
    assert (await http.delete(PATH, params={"workspaceId": "w"})).json() == {"deleted": 0}
    assert await listed(http) == [kept]
    assert (await http.delete(PATH)).json() == {"deleted": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"objective": "b"}, "title"),
        ({"title": "a"}, "objective"),
        ({"title": "a", "objective": "b", "status": "DONE"}, "status"),
        ({"title": "a", "objective": "b", "priority": "HIGH"}, "priority"),
        ({"title": "a", "objective": "b", "position": 1.5}, "position"),
        ({"title": "a", "objective": "b", "labels": "x"}, "labels"),
        ({"title": "a", "objective": "b", "labels": [1]}, "labels.0"),
        ({"title": "a", "objective": "b", "githubSyncedAt": "yesterday"}, "githubSyncedAt"),
    ],
)
async def test_a_wrong_field_is_named(http: httpx.AsyncClient, body: dict[str, object], field: str) -> None:
    answer = await http.post(PATH, json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert f'"{field}"' in answer.json()["error"]
