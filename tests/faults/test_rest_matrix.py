"""Row 30: every route of the OpenAPI document, and everybody who may call it: what each is told, and never a 5xx."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from server.access import ANYBODY, Access, Grant
from tests.faults.raw import guarded, made, token
from tests.server.conftest import Here, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANYONE, KNOWN, READ, WRITE, ADMIN, EVERYWHERE = "anyone", "known", "read", "write", "admin", "admin everywhere"
OPERATIONS = [{"op": "append", "text": "x"}]
SCHEDULE = {"name": "s", "cronExpr": "0 9 * * 1", "taskPrompt": "p", "agentId": "a"}


@dataclass(frozen=True)
class Rule:
    """What a route asks for, and a request that is right but for who makes it."""

    needs: str
    query: tuple[str, ...] = ()
    body: tuple[tuple[str, Any], ...] | None = None

    def request(self, names: dict[str, str]) -> dict[str, Any]:
        """The query and the body, for a workspace and ids."""
        query = {name: names[name] for name in self.query}
        body = (
            {}
            if self.body is None
            else {"json": {k: names.get(v, v) if isinstance(v, str) else v for k, v in self.body}}
        )
        return {"params": query, **body}


def rule(needs: str, *query: str, body: dict[str, Any] | None = None) -> Rule:
    return Rule(needs, query, None if body is None else tuple(body.items()))


OF_WORKSPACE = {"workspaceId": "workspaceId"}
RULES: dict[str, Rule] = {
    "GET /api/health": rule(ANYONE),
    "GET /api/identity": rule(KNOWN),
    "GET /api/workspaces": rule(KNOWN),
    "POST /api/workspaces": rule(EVERYWHERE, body={"title": "t"}),
    "GET /api/workspaces/{workspace_id}": rule(READ),
    "PATCH /api/workspaces/{workspace_id}": rule(ADMIN, body={"title": "t"}),
    "DELETE /api/workspaces/{workspace_id}": rule(ADMIN),
    "POST /api/workspaces/{workspace_id}/archive": rule(ADMIN, body={}),
    "GET /api/workspaces/{workspace_id}/codebases": rule(READ),
    "POST /api/workspaces/{workspace_id}/codebases": rule(WRITE, body={"repoPath": "/somewhere"}),
    "DELETE /api/workspaces/{workspace_id}/codebases/{codebase_id}": rule(WRITE),
    "GET /api/codebases/{codebase_id}": rule(READ),
    "PATCH /api/codebases/{codebase_id}": rule(WRITE, body={"label": "l"}),
    "DELETE /api/codebases/{codebase_id}": rule(WRITE),
    "POST /api/codebases/{codebase_id}/default": rule(WRITE),
    "GET /api/agents": rule(READ, "workspaceId"),
    "POST /api/agents": rule(WRITE, body={"name": "a", "role": "CRAFTER"} | OF_WORKSPACE),
    "GET /api/agents/{agent_id}": rule(READ),
    "PATCH /api/agents/{agent_id}": rule(WRITE, body={"name": "b"}),
    "DELETE /api/agents/{agent_id}": rule(WRITE),
    "POST /api/agents/{agent_id}/status": rule(WRITE, body={"status": "ACTIVE"}),
    "GET /api/tasks": rule(READ, "workspaceId"),
    "POST /api/tasks": rule(WRITE, body={"title": "t", "objective": "o"} | OF_WORKSPACE),
    "DELETE /api/tasks": rule(WRITE, "workspaceId"),
    "GET /api/tasks/ready": rule(READ, "workspaceId"),
    "GET /api/tasks/{task_id}": rule(READ),
    "PATCH /api/tasks/{task_id}": rule(WRITE, body={"title": "u"}),
    "DELETE /api/tasks/{task_id}": rule(WRITE),
    "POST /api/tasks/{task_id}/status": rule(WRITE, body={"status": "IN_PROGRESS"}),
    "GET /api/conversations/{agent_id}": rule(READ),
    "POST /api/conversations/{agent_id}": rule(WRITE, body={"role": "USER", "content": "c"}),
    "DELETE /api/conversations/{agent_id}": rule(WRITE),
    "GET /api/background-tasks": rule(READ, "workspaceId"),
    "POST /api/background-tasks": rule(WRITE, body={"prompt": "p", "agentId": "a"} | OF_WORKSPACE),
    "POST /api/background-tasks/process": rule(EVERYWHERE),
    "POST /api/background-tasks/claim": rule(WRITE, body={"workerId": "w"} | OF_WORKSPACE),
    "GET /api/background-tasks/{background_id}": rule(READ),
    "PATCH /api/background-tasks/{background_id}": rule(WRITE, body={"title": "t"}),
    "DELETE /api/background-tasks/{background_id}": rule(WRITE),
    "POST /api/background-tasks/{background_id}/retry": rule(WRITE),
    "POST /api/background-tasks/{background_id}/heartbeat": rule(WRITE, body={"workerId": "w"}),
    "POST /api/background-tasks/{background_id}/complete": rule(WRITE, body={"workerId": "w"}),
    "POST /api/background-tasks/{background_id}/fail": rule(WRITE, body={"workerId": "w", "message": "m"}),
    "GET /api/schedules": rule(READ, "workspaceId"),
    "POST /api/schedules": rule(WRITE, body=SCHEDULE | OF_WORKSPACE),
    "GET /api/schedules/tick": rule(EVERYWHERE),
    "POST /api/schedules/tick": rule(EVERYWHERE),
    "GET /api/schedules/{schedule_id}": rule(READ),
    "PATCH /api/schedules/{schedule_id}": rule(WRITE, body={"name": "t"}),
    "DELETE /api/schedules/{schedule_id}": rule(WRITE),
    "POST /api/schedules/{schedule_id}/run": rule(WRITE),
    "POST /api/tokens": rule(ADMIN, body={"access": "read"} | OF_WORKSPACE),
    "POST /api/tokens/revoke": rule(EVERYWHERE, body={"id": "an-id"}),
    "GET /api/notes/events": rule(READ, "workspaceId"),
    "GET /api/notes": rule(READ, "workspaceId"),
    "POST /api/notes": rule(WRITE, body={"noteId": "noteId", "title": "t"} | OF_WORKSPACE),
    "DELETE /api/notes": rule(WRITE, "noteId", "workspaceId"),
    "GET /api/notes/{workspace_id}/{note_id}": rule(READ),
    "PATCH /api/notes/{workspace_id}/{note_id}": rule(WRITE, body={"title": "t"}),
    "DELETE /api/notes/{workspace_id}/{note_id}": rule(WRITE),
    "POST /api/notes/{workspace_id}/{note_id}/edits": rule(WRITE, body={"operations": OPERATIONS}),
    "GET /api/notes/{workspace_id}/{note_id}/content": rule(READ),
}
"""The task of a background task's address is called ``background_id`` here."""
ASKING = [name for name, known in RULES.items() if known.needs != ANYONE]
BOUND = [name for name, known in RULES.items() if known.needs in (READ, WRITE, ADMIN)]

TOO_LATE = [
    ("PATCH /api/background-tasks/{background_id}", 400),
    ("POST /api/background-tasks/{background_id}/retry", 400),
]
"""What is refused here not for who asks, but since the task was claimed meanwhile."""

ROOT = made(*ANYBODY.grants).token
FOREIGN = made(Grant("other", Access.ADMIN)).token
NOTE_ONLY = made(Grant("w", Access.WRITE, "n")).token
OF_THE_NOTE = [name for name in BOUND if "{note_id}" in name and not name.startswith("DELETE")]
LEVELS = {READ: Access.READ, WRITE: Access.WRITE, ADMIN: Access.ADMIN}
MISSING = {
    "workspaceId": "missing", "workspace_id": "missing", "noteId": "missing", "note_id": "missing",
    "codebase_id": "missing", "agent_id": "missing", "task_id": "missing", "background_id": "missing",
    "schedule_id": "missing",
}  # fmt: skip


def bearer(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[Here]:
    async with serving(guarded()) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def names(here: Here) -> dict[str, str]:
    """A workspace with one of everything, and the ids."""
    async with here.client() as http:

        async def make(path: str, body: dict[str, Any], *keys: str) -> str:
            answer = await http.post(path, json=body, headers=bearer(ROOT))
            assert answer.status_code in (200, 201), answer.text
            found: Any = answer.json()
            for key in keys:
                found = found[key]
            return str(found)

        workspace = await make("/api/workspaces", {"id": "w", "title": "w"}, "workspace", "id")
        inside = {"workspaceId": workspace}
        await make("/api/notes", {"noteId": "n", "title": "n", **inside}, "note", "id")
        agent = await make("/api/agents", {"name": "a", "role": "CRAFTER", **inside}, "agentId")
        return {
            "workspaceId": workspace,
            "workspace_id": workspace,
            "noteId": "n",
            "note_id": "n",
            "agent_id": agent,
            "codebase_id": await make(f"/api/workspaces/{workspace}/codebases", {"repoPath": "/r"}, "codebase", "id"),
            "task_id": await make("/api/tasks", {"title": "t", "objective": "o", **inside}, "task", "id"),
            "background_id": await make(
                "/api/background-tasks", {"prompt": "p", "agentId": agent, **inside}, "task", "id"
            ),
            "schedule_id": await make("/api/schedules", SCHEDULE | inside, "schedule", "id"),
        }


@pytest_asyncio.fixture(loop_scope="module")
async def http(here: Here) -> AsyncIterator[httpx.AsyncClient]:
    async with here.client() as client:
        yield client


async def call(http: httpx.AsyncClient, name: str, names: dict[str, str], shown: str | None) -> tuple[int, str]:
    """The status and the sentence; the event stream is left once it has begun."""
    method, _, path = name.partition(" ")
    request = RULES[name].request(names)
    async with http.stream(
        method, path.format(**names), headers={} if shown is None else bearer(shown), **request
    ) as answer:
        if answer.headers["content-type"].startswith("text/event-stream"):
            return answer.status_code, ""
        text = (await answer.aread()).decode()
        return answer.status_code, text


async def test_every_route_has_its_rule(here: Here) -> None:
    document = here.server.config.app.openapi()  # type: ignore[union-attr]
    routes = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    known = {name.replace("{background_id}", "{task_id}") for name in RULES}
    assert routes == known, "a route was added or taken away: say in RULES what it asks for"


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("shown", [None, "not a token", FOREIGN[:-4] + "AAAA"], ids=["none", "nonsense", "forged"])
async def test_without_a_good_token_the_answer_is_401(
    http: httpx.AsyncClient, names: dict[str, str], name: str, shown: str | None
) -> None:
    assert (await call(http, name, names, shown))[0] == 401
    assert (await call(http, name, MISSING, shown))[0] == 401


async def test_health_is_for_anybody(http: httpx.AsyncClient, names: dict[str, str]) -> None:
    assert (await call(http, "GET /api/health", names, None))[0] == 200
    assert (await call(http, "GET /api/health", names, "not a token"))[0] == 200


@pytest.mark.parametrize("name", BOUND)
@pytest.mark.parametrize("stranger", ["another workspace", "one note"])
async def test_nothing_of_another_workspace_is_confirmed_to_exist(
    http: httpx.AsyncClient, names: dict[str, str], name: str, stranger: str
) -> None:
    if stranger == "one note" and (
        name in OF_THE_NOTE or name in ("GET /api/notes", "GET /api/notes/events", "POST /api/notes")
    ):
        return
    shown = FOREIGN if stranger == "another workspace" else NOTE_ONLY
    status, sentence = await call(http, name, names, shown)
    assert status in (403, 404)
    elsewhere = {
        key: value if key in ("workspaceId", "workspace_id") and stranger == "one note" else "missing"
        for key, value in names.items()
    }
    other, same = await call(http, name, elsewhere, shown)
    assert other == status
    for value in sorted({*names.values(), "missing"}, key=len, reverse=True):
        sentence, same = (
            sentence.replace(f'"{value}', '"X').replace(f'{value}\\"', 'X\\"'),
            same.replace(f'"{value}', '"X').replace(f'{value}\\"', 'X\\"'),
        )
    assert same == sentence


@pytest.mark.parametrize("name", BOUND)
@pytest.mark.parametrize("access", [Access.READ, Access.WRITE])
async def test_less_than_what_is_needed_is_refused(
    http: httpx.AsyncClient, names: dict[str, str], name: str, access: Access
) -> None:
    if access < LEVELS[RULES[name].needs]:
        status, sentence = await call(http, name, names, token(access))
        assert status == 403
        assert "This token does not give" in sentence


@pytest.mark.parametrize("name", [name for name, known in RULES.items() if known.needs == EVERYWHERE])
async def test_what_concerns_all_workspaces_needs_a_token_for_all(
    http: httpx.AsyncClient, names: dict[str, str], name: str
) -> None:
    for shown in (FOREIGN, NOTE_ONLY, token(Access.ADMIN)):
        assert (await call(http, name, names, shown))[0] == 403


def by_destruction(name: str) -> tuple[bool, bool]:
    """What deletes comes last, workspaces at the very end."""
    return name.startswith("DELETE"), name == "DELETE /api/workspaces/{workspace_id}"


@pytest.fixture(scope="module")
def in_order() -> list[str]:
    return sorted(BOUND, key=by_destruction)


@pytest.mark.parametrize("access", [Access.READ, Access.WRITE, Access.ADMIN])
async def test_what_was_granted_is_given(
    http: httpx.AsyncClient, names: dict[str, str], in_order: list[str], access: Access
) -> None:
    answers = {}
    for name in in_order:
        if access >= LEVELS[RULES[name].needs]:
            answers[name] = (await call(http, name, names, token(access)))[0]
    refused = {name: status for name, status in answers.items() if status in (400, 401, 403) or status >= 500}
    assert {name: status for name, status in refused.items() if (name, status) not in TOO_LATE} == {}


async def test_a_note_alone_can_be_used_with_a_token_for_it(http: httpx.AsyncClient, here: Here) -> None:
    body = {"workspaceId": "default", "noteId": "mine", "title": "t"}
    assert (await http.post("/api/notes", json=body, headers=bearer(ROOT))).status_code == 201
    assert (await http.post("/api/notes", json=body | {"noteId": "other"}, headers=bearer(ROOT))).status_code == 201
    shown = bearer(made(Grant("default", Access.WRITE, "mine")).token)
    listed = await http.get("/api/notes", params={"workspaceId": "default"}, headers=shown)
    assert [note["id"] for note in listed.json()["notes"]] == ["mine"]
    assert (await http.patch("/api/notes/default/mine", json={"title": "u"}, headers=shown)).status_code == 200
    assert (await http.get("/api/notes/default/other", headers=shown)).status_code == 403
    assert (await http.post("/api/notes", json=body | {"noteId": "new"}, headers=shown)).status_code == 403
