"""The contract's rows for conversations, on every store."""

from typing import Any

import httpx
import pytest


@pytest.fixture
async def path(http: httpx.AsyncClient) -> str:
    """Where an agent's conversation is."""
    agent = (await http.post("/api/agents", json={"name": "Ann", "role": "GATE"})).json()["agentId"]
    return f"/api/conversations/{agent}"


async def say(http: httpx.AsyncClient, path: str, content: str, **values: Any) -> dict[str, Any]:
    made = await http.post(path, json={"role": "USER", "content": content} | values)
    assert made.status_code == 201, made.text
    message: dict[str, Any] = made.json()["message"]
    return message


async def said(http: httpx.AsyncClient, path: str, **query: Any) -> tuple[str, int]:
    answer = (await http.get(path, params=query)).json()
    return "".join(message["content"] for message in answer["messages"]), answer["total"]


async def test_what_was_said_is_read(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).json() == {"messages": [], "total": 0}
    made = await say(http, path, "a")
    agent = path.rpartition("/")[2]
    expected = {"agentId": agent, "role": "USER", "content": "a"}
    assert made == expected | {key: made[key] for key in ("id", "timestamp")}
    given = {"id": "m", "role": "TOOL", "toolName": "grep", "toolArgs": {"for": ["x", 1, None]}, "turn": 7}
    other = await say(http, path, "b", **given)
    assert {key: other[key] for key in given} == given
    assert (await http.get(path)).json() == {"messages": [made, other], "total": 2}


@pytest.mark.parametrize("value", ["text", 1.5, True, [], {"a": {"b": [1]}}, 2**62])
async def test_tool_arguments_may_be_any_json(http: httpx.AsyncClient, path: str, value: object) -> None:
    assert (await say(http, path, "a", toolArgs=value))["toolArgs"] == value
    assert (await http.get(path)).json()["messages"][0]["toolArgs"] == value


async def test_a_part_is_read_oldest_first(http: httpx.AsyncClient, path: str) -> None:
    for turn, content in enumerate("abcdef"):
        await say(http, path, content, turn=turn)
    assert await said(http, path) == ("abcdef", 6)
    assert await said(http, path, last=2) == ("ef", 6)
    assert await said(http, path, fromTurn=1, toTurn=3) == ("bcd", 6)
    assert await said(http, path, fromTurn=4) == ("ef", 6)
    assert await said(http, path, toTurn=0) == ("a", 6)
    assert await said(http, path, fromTurn=9) == ("", 6)
    first = (await http.get(path, params={"limit": 4})).json()
    assert await said(http, path, limit=4, cursor=first["nextCursor"]) == ("ef", 6)


async def test_an_id_is_given_once(http: httpx.AsyncClient, path: str) -> None:
    await say(http, path, "a", id="m")
    answer = await http.post(path, json={"id": "m", "role": "USER", "content": "b"})
    assert (answer.status_code, answer.json()) == (409, {"error": 'The message "m" is there already.'})


async def test_a_conversation_is_deleted_and_its_agent_stays(http: httpx.AsyncClient, path: str) -> None:
    await say(http, path, "a")
    for _ in range(2):
        answer = await http.delete(path)
        assert (answer.status_code, answer.json()) == (200, {"deleted": True})
    assert (await http.get(path)).json() == {"messages": [], "total": 0}
    await http.delete(path.replace("conversations", "agents"))
    assert (await http.get(path)).status_code == 404


async def test_nobody_has_no_conversation(http: httpx.AsyncClient) -> None:
    path = "/api/conversations/nobody"
    for answer in [
        await http.get(path),
        await http.get(path, params={"last": 1}),
        await http.post(path, json={"role": "USER", "content": "a"}),
        await http.delete(path),
    ]:
        assert (answer.status_code, answer.json()) == (404, {"error": 'There is no agent "nobody".'})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": "a"}, "role"),
        ({"role": "USER"}, "content"),
        ({"role": "user", "content": "a"}, "role"),
        ({"role": "USER", "content": "a", "turn": "1"}, "turn"),
        ({"role": "USER", "content": "a", "toolArgs": {"a": "\0"}}, "toolArgs"),
    ],
)
async def test_a_wrong_field_is_named(http: httpx.AsyncClient, path: str, body: dict[str, object], field: str) -> None:
    answer = await http.post(path, json=body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)
