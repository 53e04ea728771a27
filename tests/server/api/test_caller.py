"""Who may do what over HTTP; every route with every role is in tests/faults/test_roles.py."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from server.access import Access, Grant
from tests.server.guests import Guarded, guarded


@pytest.fixture
async def server() -> AsyncIterator[Guarded]:
    async with guarded() as started:
        async with client(started, started.token(Access.ADMIN, "*")) as admin:
            for workspace in ("w", "x"):
                await admin.post("/api/workspaces", json={"id": workspace, "title": workspace})
                for note in ("n", "m"):
                    body = {"workspaceId": workspace, "noteId": note, "title": note}
                    await admin.post("/api/notes", json=body)
        yield started


def client(server: Guarded, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.here.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


async def task_in(server: Guarded, workspace: str) -> str:
    async with client(server, server.token(Access.WRITE, workspace)) as http:
        made = await http.post("/api/tasks", json={"title": "t", "objective": "o", "workspaceId": workspace})
        return str(made.json()["task"]["id"])


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic abc", "nonsense"])
async def test_without_a_token_nothing_is_told_but_that_the_server_lives(server: Guarded, header: str) -> None:
    async with httpx.AsyncClient(base_url=server.here.url, headers={"Authorization": header}) as http:
        assert (await http.get("/api/health")).status_code == 200
        refused = await http.get("/api/notes")
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == "Bearer"


async def test_a_row_of_another_workspace_is_as_unknown_as_one_that_is_not_there(server: Guarded) -> None:
    task = await task_in(server, "x")
    async with client(server, server.token(Access.ADMIN, "w")) as http:
        for method in ("GET", "DELETE", "PATCH"):
            body: dict[str, Any] = {"json": {"title": "mine"}} if method == "PATCH" else {}
            there = await http.request(method, f"/api/tasks/{task}", **body)
            nowhere = await http.request(method, "/api/tasks/nowhere", **body)
            assert there.status_code == nowhere.status_code == 404
            assert there.text.replace(task, "nowhere") == nowhere.text
        for path in ("/api/workspaces/x", "/api/workspaces/nowhere", "/api/notes/x/n", "/api/notes/nowhere/n"):
            assert (await http.get(path)).status_code == 403


async def test_a_reader_reads(server: Guarded) -> None:
    task = await task_in(server, "w")
    async with client(server, server.token(Access.READ)) as http:
        assert (await http.get(f"/api/tasks/{task}")).status_code == 200
        refused = await http.delete(f"/api/tasks/{task}")
        assert (refused.status_code, "write access" in refused.text) == (403, True)
        assert (
            await http.post("/api/notes", json={"workspaceId": "w", "noteId": "n", "content": "x"})
        ).status_code == 403
        assert (await http.patch("/api/notes/w/n", json={"content": "x"})).status_code == 403


async def test_lists_show_only_what_may_be_seen(server: Guarded) -> None:
    async with client(server, server.token(Access.READ, "w")) as http:
        assert [each["id"] for each in (await http.get("/api/workspaces")).json()["workspaces"]] == ["w"]
    async with client(server, server.token(Access.WRITE, "w", "n")) as http:
        assert (await http.get("/api/workspaces")).json()["workspaces"] == []
        assert [each["id"] for each in (await http.get("/api/notes?workspaceId=w")).json()["notes"]] == ["n"]
        assert (await http.get("/api/notes?workspaceId=w&noteId=m")).status_code == 403
        assert (await http.get("/api/notes?workspaceId=x")).status_code == 403
        assert (await http.patch("/api/notes/w/n", json={"content": "mine"})).status_code == 200
        assert (await http.delete("/api/notes/w/n")).status_code == 403
        assert (
            await http.post("/api/notes", json={"workspaceId": "w", "noteId": "new", "title": "t"})
        ).status_code == 403


async def test_a_note_that_was_granted_by_name_and_is_not_there_is_not_made_over_http(server: Guarded) -> None:
    async with client(server, server.token(Access.WRITE, "w", "new")) as http:
        refused = await http.post("/api/notes", json={"workspaceId": "w", "noteId": "new", "title": "t"})
        assert refused.status_code == 403


async def test_workers_need_a_workspace_that_is_theirs(server: Guarded) -> None:
    async with client(server, server.token(Access.WRITE, "w")) as http:
        assert (await http.post("/api/background-tasks/claim", json={"workerId": "a"})).status_code == 403
        claim = {"workerId": "a", "workspaceId": "w"}
        assert (await http.post("/api/background-tasks/claim", json=claim)).json() == {}
        assert (await http.post("/api/background-tasks/process")).status_code == 403


async def events_of(http: httpx.AsyncClient, path: str, heard: list[Any]) -> None:
    async with http.stream("GET", path) as stream:
        heard.append(stream.status_code)
        async for line in stream.aiter_lines():
            heard += [json.loads(line[len("data: ") :])] if line.startswith("data: ") else []


async def until_heard(heard: list[Any], count: int) -> None:
    async with asyncio.timeout(10):
        while len(heard) < count:
            await asyncio.sleep(0.001)


async def test_events_tell_of_what_may_be_read_until_the_token_ends(server: Guarded) -> None:
    issued = server.issue(Grant("w", Access.READ, "n"))
    heard: list[Any] = []
    async with client(server, issued.token) as ann, client(server, server.token(Access.WRITE, "*")) as ben:
        listening = asyncio.create_task(events_of(ann, "/api/notes/events", heard))
        await until_heard(heard, 2)
        for path in ("/api/notes/x/n", "/api/notes/w/m", "/api/notes/w/n"):
            await ben.patch(path, json={"title": "new"})
        await until_heard(heard, 3)
        assert (heard[2]["workspaceId"], heard[2]["noteId"]) == ("w", "n")
        await server.take_back(issued)
        async with asyncio.timeout(10):
            await listening
        assert len(heard) == 3
        assert (
            await ben.get(
                "/api/notes/events?workspaceId=x", headers={"Authorization": f"Bearer {server.token(Access.READ)}"}
            )
        ).status_code == 403
