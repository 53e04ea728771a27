"""The contract's rows for background tasks, and the queue, on every store."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from server.config import Settings
from tests.server.conftest import serving

PATH = "/api/background-tasks"
NEW = {"prompt": "Look at the log", "agentId": "a", "workspaceId": "default"}


class Clock:
    """The time of day, moved by the test alone."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def http(every_settings: Settings, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server, on every store in turn, whose time the test moves."""
    async with serving(every_settings, clock) as here, here.client() as client:
        yield client


async def make(http: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    made = await http.post(PATH, json=NEW | values)
    assert made.status_code == 201, made.text
    task: dict[str, Any] = made.json()["task"]
    return task


async def claim(http: httpx.AsyncClient, worker: str = "ann", **values: Any) -> dict[str, Any]:
    answer = await http.post(f"{PATH}/claim", json={"workerId": worker} | values)
    assert answer.status_code == 200, answer.text
    lease: dict[str, Any] = answer.json()
    return lease


async def read(http: httpx.AsyncClient, key: str) -> dict[str, Any]:
    answer = await http.get(f"{PATH}/{key}")
    assert answer.status_code == 200, answer.text
    task: dict[str, Any] = answer.json()["task"]
    return task


async def does(http: httpx.AsyncClient, key: str, verb: str, worker: str = "ann", **values: Any) -> httpx.Response:
    return await http.post(f"{PATH}/{key}/{verb}", json={"workerId": worker} | values)


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


async def test_a_task_is_made_with_defaults_and_without_null(http: httpx.AsyncClient) -> None:
    task = await make(http)
    key = task.pop("id")
    assert task == {
        "title": "Look at the log",
        "prompt": "Look at the log",
        "agentId": "a",
        "workspaceId": "default",
        "status": "PENDING",
        "triggeredBy": "user",
        "triggerSource": "manual",
        "priority": "NORMAL",
        "attempts": 0,
        "maxAttempts": 3,
        "dependsOnTaskIds": [],
        "createdAt": "2026-01-01T12:00:00.000Z",
        "updatedAt": "2026-01-01T12:00:00.000Z",
    }
    assert await read(http, key) == {"id": key, **task}


async def test_everything_that_may_be_given_is_kept(http: httpx.AsyncClient) -> None:
    given = {
        "title": "T",
        "priority": "HIGH",
        "triggerSource": "webhook",
        "triggeredBy": "somebody",
        "maxAttempts": 5,
        "dependsOnTaskIds": ["x", "y"],
        "workflowRunId": "r",
        "workflowStepName": "s",
    }
    task = await make(http, **given)
    assert {name: task[name] for name in given} == given


async def test_the_title_is_the_beginning_of_the_prompt(http: httpx.AsyncClient) -> None:
    assert (await make(http, prompt="é" * 61))["title"] == "é" * 60


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"prompt": None}, 400, 'The field "prompt" is not valid: input should be a valid string.'),
        ({"agentId": 7}, 400, 'The field "agentId" is not valid: input should be a valid string.'),
        ({"priority": "URGENT"}, 400, 'The field "priority" is not valid: input should be'),
        ({"maxAttempts": 0}, 400, 'The field "maxAttempts" is not valid: input should be greater than or equal to 1.'),
        ({"dependsOnTaskIds": [1]}, 400, 'The field "dependsOnTaskIds.0" is not valid'),
        ({"workspaceId": "nowhere"}, 404, 'There is no workspace "nowhere".'),
        ({"action": "destroy"}, 400, 'The field "action" is not valid'),
    ],
)
async def test_what_is_wrong_with_a_new_task_is_said(
    http: httpx.AsyncClient, change: dict[str, Any], status: int, sentence: str
) -> None:
    code, said = error(await http.post(PATH, json=NEW | change))
    assert code == status
    assert said.startswith(sentence)


@pytest.mark.parametrize("name", ["prompt", "agentId", "workspaceId"])
async def test_what_a_new_task_needs_is_said(http: httpx.AsyncClient, name: str) -> None:
    refused = await http.post(PATH, json={key: value for key, value in NEW.items() if key != name})
    assert error(refused) == (400, f'The field "{name}" is missing.')


async def test_a_list_is_of_a_workspace_newest_first_in_pages(http: httpx.AsyncClient, clock: Clock) -> None:
    assert error(await http.get(PATH)) == (400, 'The parameter "workspaceId" is missing.')
    assert (await http.get(PATH, params={"workspaceId": "default"})).json() == {"tasks": []}
    assert error(await http.get(PATH, params={"workspaceId": "nowhere"})) == (404, 'There is no workspace "nowhere".')
    for number in range(5):
        await make(http, title=str(number))
        clock.move(1)
    titles: list[str] = []
    query = {"workspaceId": "default", "limit": "2"}
    while True:
        page = (await http.get(PATH, params=query)).json()
        titles += [task["title"] for task in page["tasks"]]
        if "nextCursor" not in page:
            break
        query["cursor"] = page["nextCursor"]
    assert titles == ["4", "3", "2", "1", "0"]


async def test_a_list_can_be_of_one_status(http: httpx.AsyncClient) -> None:
    await make(http, title="first")
    taken = (await claim(http))["task"]["id"]
    waiting = await make(http, title="second")
    for status, keys in {"PENDING": [waiting["id"]], "RUNNING": [taken], "FAILED": []}.items():
        listed = await http.get(PATH, params={"workspaceId": "default", "status": status})
        assert [task["id"] for task in listed.json()["tasks"]] == keys
    assert (await http.get(PATH, params={"workspaceId": "default", "status": "LOST"})).status_code == 400


async def test_a_task_is_changed_only_while_it_waits(http: httpx.AsyncClient, clock: Clock) -> None:
    key = (await make(http))["id"]
    clock.move(1)
    change = {"title": "T", "prompt": "P", "agentId": "b", "priority": "LOW"}
    changed = (await http.patch(f"{PATH}/{key}", json=change)).json()["task"]
    assert {name: changed[name] for name in change} == change
    assert changed["updatedAt"] == "2026-01-01T12:00:01.000Z"
    await claim(http)
    assert error(await http.patch(f"{PATH}/{key}", json=change)) == (
        400,
        f'The background task "{key}" is RUNNING: only a PENDING one can be changed.',
    )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"title": "x"}),
        ("DELETE", "", None),
        ("POST", "/retry", None),
        ("POST", "/heartbeat", {"workerId": "w"}),
        ("POST", "/complete", {"workerId": "w"}),
        ("POST", "/fail", {"workerId": "w", "message": "m"}),
    ],
)
async def test_a_task_that_is_not_there_is_named(
    http: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = await http.request(method, f"{PATH}/nothing{path}", json=body)
    assert error(answer) == (404, 'There is no background task "nothing".')


async def test_a_task_that_waits_or_is_over_is_deleted(http: httpx.AsyncClient) -> None:
    key = (await make(http))["id"]
    assert (await http.delete(f"{PATH}/{key}")).json() == {"success": True}
    assert (await http.get(f"{PATH}/{key}")).status_code == 404
    done = (await make(http))["id"]
    await claim(http)
    await does(http, done, "complete")
    assert (await http.delete(f"{PATH}/{done}")).json() == {"success": True}


async def test_a_running_task_is_cancelled_or_deleted_by_force(http: httpx.AsyncClient) -> None:
    keys = [(await make(http))["id"] for _ in range(2)]
    for _ in keys:
        await claim(http)
    cancelled = (await http.delete(f"{PATH}/{keys[0]}")).json()["task"]
    assert (cancelled["id"], cancelled["status"]) == (keys[0], "CANCELLED")
    assert error(await does(http, keys[0], "heartbeat")) == (
        409,
        f'The background task "{keys[0]}" is CANCELLED: no worker has it.',
    )
    assert (await http.delete(f"{PATH}/{keys[1]}", params={"force": "true"})).json() == {"success": True}
    assert (await http.get(f"{PATH}/{keys[1]}")).status_code == 404


async def test_all_tasks_of_a_status_are_deleted_at_once(http: httpx.AsyncClient) -> None:
    await http.post("/api/workspaces", json={"id": "other", "title": "Other"})
    for values in ({}, {"triggerSource": "webhook"}, {"workspaceId": "other"}):
        await make(http, **values)
    await make(http, priority="HIGH")
    await claim(http)
    body = {"action": "deleteByStatus", "status": "PENDING", "workspaceId": "default"}
    answer = await http.post(PATH, json=body | {"triggerSource": "webhook"})
    assert (answer.status_code, answer.json()) == (
        200,
        {"success": True, "deleted": 1, "message": "Deleted 1 background task with the status PENDING."},
    )
    assert (await http.post(PATH, json=body)).json()["deleted"] == 1
    empty = (await http.post(PATH, json=body)).json()
    assert (empty["deleted"], empty["message"]) == (0, "Deleted 0 background tasks with the status PENDING.")
    assert len((await http.get(PATH, params={"workspaceId": "default"})).json()["tasks"]) == 1
    assert len((await http.get(PATH, params={"workspaceId": "other"})).json()["tasks"]) == 1
    assert error(await http.post(PATH, json=body | {"workspaceId": "nowhere"}))[0] == 404
    del body["status"]
    assert error(await http.post(PATH, json=body)) == (400, 'The field "status" is missing.')


async def test_a_failed_task_is_tried_again_until_its_attempts_are_used_up(http: httpx.AsyncClient) -> None:
    key = (await make(http, maxAttempts=2))["id"]
    assert error(await http.post(f"{PATH}/{key}/retry")) == (
        400,
        f'The background task "{key}" is PENDING: only a FAILED one can be tried again.',
    )
    for attempt in (1, 2):
        assert (await claim(http))["task"]["attempts"] == attempt
        failed = (await does(http, key, "fail", message="no network")).json()["task"]
        assert (failed["status"], failed["errorMessage"]) == ("FAILED", "no network")
        assert failed["completedAt"] == "2026-01-01T12:00:00.000Z"
        again = await http.post(f"{PATH}/{key}/retry")
    assert error(again) == (400, f'The background task "{key}" has had all of its 2 attempts.')


async def test_a_claimed_task_is_kept_by_heartbeats_and_completed(http: httpx.AsyncClient, clock: Clock) -> None:
    key = (await make(http))["id"]
    lease = await claim(http, leaseSeconds=30)
    assert lease["leaseExpiresAt"] == "2026-01-01T12:00:30.000Z"
    assert (lease["task"]["status"], lease["task"]["startedAt"]) == ("RUNNING", "2026-01-01T12:00:00.000Z")
    clock.move(20)
    progress: dict[str, Any] = {
        "currentActivity": "reading",
        "toolCallCount": 2,
        "inputTokens": 3_000_000_000,
        "outputTokens": 5,
        "resultSessionId": "s",
    }
    beat = (await does(http, key, "heartbeat", **progress)).json()
    assert beat["leaseExpiresAt"] == "2026-01-01T12:00:50.000Z"
    assert {name: beat["task"][name] for name in progress} == progress
    assert beat["task"]["lastActivity"] == "2026-01-01T12:00:20.000Z"
    done = (await does(http, key, "complete", output="it is 7", outputTokens=9)).json()["task"]
    assert (done["status"], done["taskOutput"], done["outputTokens"]) == ("COMPLETED", "it is 7", 9)
    assert done["completedAt"] == "2026-01-01T12:00:20.000Z"
    assert await read(http, key) == done
    assert error(await does(http, key, "complete"))[0] == 409


async def test_the_contracts_own_names_will_do_for_the_outcome(http: httpx.AsyncClient) -> None:
    keys = [(await make(http))["id"] for _ in range(2)]
    for _ in keys:
        await claim(http)
    assert (await does(http, keys[0], "complete", taskOutput="7")).json()["task"]["taskOutput"] == "7"
    assert (await does(http, keys[1], "fail", errorMessage="no")).json()["task"]["errorMessage"] == "no"


@pytest.mark.parametrize(
    ("verb", "body", "sentence"),
    [
        ("claim", {}, 'The field "workerId" is missing.'),
        ("claim", {"workerId": ""}, 'The field "workerId" is not valid: string should have at least 1 character.'),
        (
            "claim",
            {"workerId": "w", "leaseSeconds": 0},
            'The field "leaseSeconds" is not valid: input should be greater than or equal to 1.',
        ),
        ("x/heartbeat", {}, 'The field "workerId" is missing.'),
        (
            "x/heartbeat",
            {"workerId": "w", "toolCallCount": -1},
            'The field "toolCallCount" is not valid: input should be greater than or equal to 0.',
        ),
        ("x/complete", {}, 'The field "workerId" is missing.'),
        ("x/fail", {"workerId": "w"}, 'The field "message" is missing.'),
    ],
)
async def test_what_is_wrong_with_a_workers_request_is_said(
    http: httpx.AsyncClient, verb: str, body: dict[str, Any], sentence: str
) -> None:
    assert error(await http.post(f"{PATH}/{verb}", json=body)) == (400, sentence)


async def test_when_nothing_is_ready_a_claim_gets_nothing(http: httpx.AsyncClient) -> None:
    assert await claim(http) == {}
    assert await claim(http, workspaceId="default") == {}
    nowhere = await http.post(f"{PATH}/claim", json={"workerId": "w", "workspaceId": "nowhere"})
    assert error(nowhere) == (404, 'There is no workspace "nowhere".')


async def test_a_worker_that_is_gone_loses_its_task_to_another(http: httpx.AsyncClient, clock: Clock) -> None:
    key = (await make(http))["id"]
    await claim(http, "ann", leaseSeconds=10)
    clock.move(9.999)
    assert (await http.post(f"{PATH}/process")).json() == {"ok": True, "dispatched": True}
    assert await claim(http, "ben") == {}
    clock.move(0.001)
    assert (await http.post(f"{PATH}/process")).json() == {"ok": True, "dispatched": True}
    assert (await read(http, key))["status"] == "PENDING"
    assert (await claim(http, "ben"))["task"]["attempts"] == 2
    assert error(await does(http, key, "heartbeat", "ann")) == (
        409,
        f'The background task "{key}" is in the hands of another worker than "ann".',
    )
    assert (await does(http, key, "heartbeat", "ben")).status_code == 200


async def test_tasks_come_in_order_of_priority_age_and_dependencies(http: httpx.AsyncClient, clock: Clock) -> None:
    keys: dict[str, str] = {}
    for name, values in {
        "low": {"priority": "LOW"},
        "old": {},
        "new": {},
        "urgent": {"priority": "HIGH"},
    }.items():
        keys[name] = (await make(http, title=name, **values))["id"]
        clock.move(1)
    await make(http, title="after low", priority="HIGH", dependsOnTaskIds=[keys["low"]])
    for name in ("urgent", "old", "new", "low", "after low"):
        task = (await claim(http))["task"]
        assert task["title"] == name
        await does(http, task["id"], "complete")
    assert await claim(http) == {}


async def test_100_claims_at_once_lose_and_repeat_nothing(shared_settings: Settings) -> None:
    """Through HTTP, on two servers that share a database."""
    async with (
        serving(shared_settings) as one,
        serving(shared_settings) as other,
        one.client() as first,
        other.client() as second,
    ):
        keys = {(await make(first, title=str(number)))["id"] for number in range(90)}
        clients = (first, second)
        claims = await asyncio.gather(*(claim(clients[number % 2], f"w{number}") for number in range(100)))
    taken = [lease["task"]["id"] for lease in claims if lease]
    assert len(taken) == 90
    assert set(taken) == keys
