"""The contract's rows for agents, on every store."""

from typing import Any

import httpx
import pytest

PATH = "/api/agents"


async def make(http: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    made = await http.post(PATH, json={"name": "Ann", "role": "CRAFTER"} | values)
    assert made.status_code == 200, made.text
    answer = made.json()
    assert answer["agentId"] == answer["agent"]["id"]
    agent: dict[str, Any] = answer["agent"]
    return agent


async def listed(http: httpx.AsyncClient, **query: Any) -> list[str]:
    return [agent["id"] for agent in (await http.get(PATH, params=query)).json()["agents"]]


async def test_what_was_made_is_read(http: httpx.AsyncClient) -> None:
    assert (await http.get(PATH)).json() == {"agents": []}
    made = await make(http)
    expected = {
        "name": "Ann",
        "role": "CRAFTER",
        "modelTier": "SMART",
        "workspaceId": "default",
        "status": "PENDING",
        "metadata": {},
    }
    assert made == expected | {key: made[key] for key in ("id", "createdAt", "updatedAt")}
    assert (await http.get(f"{PATH}/{made['id']}")).json() == made
    assert (await http.get(PATH, params={"id": made["id"]})).json() == made
    assert (await http.get(PATH)).json() == {"agents": [made]}


async def test_everything_may_be_given(http: httpx.AsyncClient) -> None:
    await http.post("/api/workspaces", json={"id": "w", "title": "w"})
    given = {"workspaceId": "w", "parentId": "p", "modelTier": "FAST", "metadata": {"a": "b"}}
    made = await make(http, **given)
    assert {key: made[key] for key in given} == given


async def test_a_list_is_filtered(http: httpx.AsyncClient) -> None:
    await http.post("/api/workspaces", json={"id": "w", "title": "w"})
    one = (await make(http))["id"]
    two = (await make(http, role="GATE", parentId=one))["id"]
    three = (await make(http, role="GATE", workspaceId="w"))["id"]
    await http.post(f"{PATH}/{one}/status", json={"status": "ACTIVE"})
    assert await listed(http) == [one, two]
    assert await listed(http, role="GATE") == [two]
    assert await listed(http, parentId=one) == [two]
    assert await listed(http, status="ACTIVE") == [one]
    assert await listed(http, status="ACTIVE", role="GATE") == []
    assert await listed(http, workspaceId="w") == [three]
    first = (await http.get(PATH, params={"limit": 1})).json()
    assert await listed(http, limit=1, cursor=first["nextCursor"]) == [two]


async def test_a_change_is_kept(http: httpx.AsyncClient) -> None:
    made = await make(http)
    path = f"{PATH}/{made['id']}"
    changes = {"name": "Bob", "role": "ROUTA", "modelTier": "BALANCED", "status": "ERROR", "metadata": {"a": "b"}}
    changed = (await http.patch(path, json=changes)).json()["agent"]
    assert changed == made | changes | {"updatedAt": changed["updatedAt"]}
    answer = await http.post(f"{path}/status", json={"status": "COMPLETED"})
    assert (answer.status_code, answer.json()) == (200, {"updated": True})
    assert (await http.get(path)).json()["status"] == "COMPLETED"


async def test_a_deleted_agent_is_gone(http: httpx.AsyncClient) -> None:
    made = await make(http)
    path = f"{PATH}/{made['id']}"
    assert (await http.delete(path)).json() == {"deleted": True}
    for answer in [
        await http.get(path),
        await http.get(PATH, params={"id": made["id"]}),
        await http.patch(path, json={"name": "a"}),
        await http.post(f"{path}/status", json={"status": "ACTIVE"}),
        await http.delete(path),
    ]:
        assert (answer.status_code, answer.json()) == (404, {"error": f'There is no agent "{made["id"]}".'})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a"}, "role"),
        ({"role": "GATE"}, "name"),
        ({"name": "a", "role": "gate"}, "role"),
        ({"name": "a", "role": "GATE", "modelTier": "BEST"}, "modelTier"),
        ({"name": "a", "role": "GATE", "metadata": {"a": 1}}, "metadata.a"),
        ({"name": "a", "role": "GATE", "workspaceId": ""}, "workspaceId"),
    ],
)
async def test_a_wrong_field_is_named(http: httpx.AsyncClient, body: dict[str, object], field: str) -> None:
    answer = await http.post(PATH, json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert f'"{field}"' in answer.json()["error"]
