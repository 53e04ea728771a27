"""The contract's rows for schedules, on every store."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from server import ticker
from server.config import Settings
from tests.server.api.test_background_tasks import Clock, error
from tests.server.conftest import serving

PATH = "/api/schedules"
NEW = {"name": "Hourly", "cronExpr": "0 * * * *", "taskPrompt": "do it", "agentId": "a", "workspaceId": "default"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def http(
    every_settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server, on every store in turn, whose time the test moves and which ticks when it is asked."""
    monkeypatch.setattr(ticker, "PAUSE", 1e6)
    async with serving(every_settings, clock) as here, here.client() as client:
        yield client


async def make(http: httpx.AsyncClient, **values: Any) -> dict[str, Any]:
    made = await http.post(PATH, json=NEW | values)
    assert made.status_code == 201, made.text
    schedule: dict[str, Any] = made.json()["schedule"]
    return schedule


async def read(http: httpx.AsyncClient, key: str) -> dict[str, Any]:
    answer = await http.get(f"{PATH}/{key}")
    assert answer.status_code == 200, answer.text
    schedule: dict[str, Any] = answer.json()["schedule"]
    return schedule


async def patch(http: httpx.AsyncClient, key: str, **values: Any) -> dict[str, Any]:
    answer = await http.patch(f"{PATH}/{key}", json=values)
    assert answer.status_code == 200, answer.text
    schedule: dict[str, Any] = answer.json()["schedule"]
    return schedule


async def enqueued(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = (await http.get("/api/background-tasks", params={"workspaceId": "default"})).json()[
        "tasks"
    ]
    return tasks


async def test_a_schedule_is_made_with_the_time_of_its_next_run(http: httpx.AsyncClient) -> None:
    schedule = await make(http)
    key = schedule.pop("id")
    assert schedule == NEW | {
        "enabled": True,
        "nextRunAt": "2026-01-01T13:00:00.000Z",
        "createdAt": "2026-01-01T12:00:00.000Z",
        "updatedAt": "2026-01-01T12:00:00.000Z",
    }
    assert await read(http, key) == {"id": key, **schedule}
    other = await make(http, enabled=False, promptTemplate="at {timestamp}")
    assert (other["enabled"], other["promptTemplate"]) == (False, "at {timestamp}")


async def test_an_expression_that_does_not_parse_is_refused_with_the_reason(http: httpx.AsyncClient) -> None:
    refused = await http.post(PATH, json=NEW | {"cronExpr": "61 * * * *"})
    assert (refused.status_code, refused.json()) == (
        400,
        {
            "error": 'The field "cronExpr" is not valid: The cron expression "61 * * * *" has the minute "61": '
            "that goes from 0 to 59.",
            "field": "cronExpr",
        },
    )
    key = (await make(http))["id"]
    refused = await http.patch(f"{PATH}/{key}", json={"cronExpr": "hourly"})
    assert refused.status_code == 400
    assert (await read(http, key))["cronExpr"] == "0 * * * *"


@pytest.mark.parametrize("name", list(NEW))
async def test_what_a_new_schedule_needs_is_said(http: httpx.AsyncClient, name: str) -> None:
    refused = await http.post(PATH, json={key: value for key, value in NEW.items() if key != name})
    assert error(refused) == (400, f'The field "{name}" is missing.')


async def test_a_new_schedule_needs_a_workspace_that_is_there(http: httpx.AsyncClient) -> None:
    refused = await http.post(PATH, json=NEW | {"workspaceId": "nowhere"})
    assert error(refused) == (404, 'There is no workspace "nowhere".')


async def test_a_list_is_of_a_workspace_oldest_first(http: httpx.AsyncClient, clock: Clock) -> None:
    assert error(await http.get(PATH)) == (400, 'The parameter "workspaceId" is missing.')
    assert (await http.get(PATH, params={"workspaceId": "default"})).json() == {"schedules": []}
    assert error(await http.get(PATH, params={"workspaceId": "nowhere"})) == (404, 'There is no workspace "nowhere".')
    for name in ("a", "b"):
        await make(http, name=name)
        clock.move(1)
    listed = (await http.get(PATH, params={"workspaceId": "default"})).json()["schedules"]
    assert [schedule["name"] for schedule in listed] == ["a", "b"]


async def test_a_schedule_is_changed_and_its_next_run_follows(http: httpx.AsyncClient, clock: Clock) -> None:
    key = (await make(http))["id"]
    clock.move(30 * 60)
    change = {"name": "N", "taskPrompt": "P", "agentId": "b", "promptTemplate": "T"}
    changed = await patch(http, key, **change)
    assert {name: changed[name] for name in change} == change
    assert (changed["nextRunAt"], changed["updatedAt"]) == ("2026-01-01T13:00:00.000Z", "2026-01-01T12:30:00.000Z")
    assert (await patch(http, key, cronExpr="45 * * * *"))["nextRunAt"] == "2026-01-01T12:45:00.000Z"
    assert "promptTemplate" not in await patch(http, key, promptTemplate=None)
    assert await patch(http, key) == await read(http, key)


async def test_what_was_missed_while_a_schedule_was_off_is_not_made_up_for(
    http: httpx.AsyncClient, clock: Clock
) -> None:
    key = (await make(http))["id"]
    await patch(http, key, enabled=False)
    clock.move(5.5 * 3600)
    assert (await http.post(f"{PATH}/tick")).json() == {"fired": 0, "scheduleIds": []}
    assert (await patch(http, key, enabled=True))["nextRunAt"] == "2026-01-01T18:00:00.000Z"
    assert (await http.post(f"{PATH}/tick")).json() == {"fired": 0, "scheduleIds": []}
    clock.move(3600)
    await patch(http, key, enabled=True)  # it was already: the run that is due stays due
    assert (await http.post(f"{PATH}/tick")).json() == {"fired": 1, "scheduleIds": [key]}


async def test_a_schedule_is_deleted_and_its_tasks_stay(http: httpx.AsyncClient) -> None:
    key = (await make(http))["id"]
    await http.post(f"{PATH}/{key}/run")
    assert (await http.delete(f"{PATH}/{key}")).json() == {"deleted": True}
    assert len(await enqueued(http)) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/run")])
async def test_a_schedule_that_is_not_there_is_named(http: httpx.AsyncClient, method: str, path: str) -> None:
    body = {"name": "x"} if method == "PATCH" else None
    answer = await http.request(method, f"{PATH}/nothing{path}", json=body)
    assert error(answer) == (404, 'There is no schedule "nothing".')


async def test_a_run_by_hand_enqueues_a_task_at_once(http: httpx.AsyncClient) -> None:
    schedule = await make(http, promptTemplate="{cronExpr} at {timestamp}")
    answer = await http.post(f"{PATH}/{schedule['id']}/run")
    task = answer.json()["task"]
    assert answer.status_code == 200
    assert (task["status"], task["triggerSource"], task["title"]) == ("PENDING", "schedule", "Hourly")
    assert task["prompt"] == "0 * * * * at 2026-01-01T12:00:00.000Z"
    assert await enqueued(http) == [task]
    after = await read(http, schedule["id"])
    assert (after["lastTaskId"], after["lastRunAt"]) == (task["id"], "2026-01-01T12:00:00.000Z")
    assert after["nextRunAt"] == schedule["nextRunAt"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_tick_enqueues_one_task_for_every_schedule_that_is_due(
    http: httpx.AsyncClient, clock: Clock, method: str
) -> None:
    due = await make(http)
    later = await make(http, cronExpr="0 0 * * *")
    clock.move(3.5 * 3600)
    answer = await http.request(method, f"{PATH}/tick")
    assert (answer.status_code, answer.json()) == (200, {"fired": 1, "scheduleIds": [due["id"]]})
    assert (await http.request(method, f"{PATH}/tick")).json() == {"fired": 0, "scheduleIds": []}
    (task,) = await enqueued(http)
    after = await read(http, due["id"])
    assert (after["lastTaskId"], after["nextRunAt"]) == (task["id"], "2026-01-01T16:00:00.000Z")
    assert await read(http, later["id"]) == later


async def test_a_server_that_starts_late_catches_up_by_itself_with_one_task(
    shared_settings: Settings, clock: Clock
) -> None:
    async with serving(shared_settings, clock) as here, here.client() as http:
        key = (await make(http, cronExpr="* * * * *"))["id"]
    clock.move(24 * 3600 + 30)
    async with (
        serving(shared_settings, clock) as here,
        serving(shared_settings, clock) as other,
        here.client() as http,
    ):
        async with asyncio.timeout(10):
            while "lastTaskId" not in await read(http, key):
                await asyncio.sleep(0)
        await here.service.ticker.tick()
        await other.service.ticker.tick()
        assert len(await enqueued(http)) == 1
        assert (await read(http, key))["nextRunAt"] == "2026-01-02T12:01:00.000Z"
