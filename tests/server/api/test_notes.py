"""Notes over HTTP, as the contract has them, on every store."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from crdt.messages import SyncStep1, SyncStep2, Update
from server.api import etag
from server.config import Settings
from stores.notelog import NoteKey
from tests.crdt.test_text import FAMILY
from tests.crdt.typist import Typist
from tests.server.conftest import Here, close_of, quick, serving


async def make(http: httpx.AsyncClient, note: str = "a", **values: Any) -> dict[str, Any]:
    answer = await http.post("/api/notes", json={"noteId": note, "title": note} | values)
    assert answer.status_code == 201
    made: dict[str, Any] = answer.json()["note"]
    return made


async def text(http: httpx.AsyncClient, note: str = "a") -> str:
    answer = await http.get(f"/api/notes/default/{note}/content")
    assert answer.status_code == 200
    return answer.text


def complaint(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal."""
    assert answer.status_code == status
    sentence = answer.json()["error"]
    assert isinstance(sentence, str)
    assert sentence.endswith(".")
    return sentence


async def test_a_note_is_made_with_the_defaults_and_without_what_is_absent(http: httpx.AsyncClient) -> None:
    answer = await http.post("/api/notes", json={"title": "Plan"})
    assert answer.status_code == 201
    note = answer.json()["note"]
    assert set(note) == {"id", "title", "content", "workspaceId", "metadata", "createdAt", "updatedAt"}
    assert (note["title"], note["content"], note["workspaceId"]) == ("Plan", "", "default")
    assert note["metadata"] == {"type": "general"}
    assert note["createdAt"] == note["updatedAt"]
    assert note["createdAt"].endswith("Z")
    assert (await http.get(f"/api/notes/default/{note['id']}")).json() == {"note": note}
    assert (await http.get("/api/notes", params={"noteId": note["id"]})).json() == {"note": note}


async def test_a_note_has_what_it_was_given(http: httpx.AsyncClient) -> None:
    metadata = {
        "type": "task",
        "taskStatus": "BLOCKED",
        "assignedAgentIds": ["x", "y"],
        "parentNoteId": "spec",
        "linkedTaskId": "t",
        "custom": {"k": "v"},
    }
    note = await make(http, content=f"Hello {FAMILY}", sessionId="s", metadata=metadata, type="general")
    assert (note["content"], note["sessionId"], note["metadata"]) == (f"Hello {FAMILY}", "s", metadata)
    assert (await make(http, "b", type="task"))["metadata"] == {"type": "task"}


async def test_posting_again_changes_only_what_is_given(http: httpx.AsyncClient) -> None:
    before = await make(http, content="text", sessionId="s", metadata={"custom": {"k": "v"}, "taskStatus": "BLOCKED"})
    answer = await http.post("/api/notes", json={"noteId": "a", "metadata": {"taskStatus": "COMPLETED"}})
    assert answer.status_code == 200
    after = answer.json()["note"]
    assert after["updatedAt"] >= before["updatedAt"]
    metadata = before["metadata"] | {"taskStatus": "COMPLETED"}
    assert after == before | {"updatedAt": after["updatedAt"], "metadata": metadata}
    answer = await http.post("/api/notes", json={"noteId": "a", "title": "New", "content": "texts", "sessionId": None})
    assert answer.json()["note"] == after | {
        "title": "New",
        "content": "texts",
        "updatedAt": answer.json()["note"]["updatedAt"],
    }


async def test_of_many_who_make_the_same_note_at_once_one_does(http: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(
        *(http.post("/api/notes", json={"noteId": "a", "title": str(number)}) for number in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": None}, "title"),
        ({"title": 1}, "title"),
        ({"title": "a", "noteId": ""}, "noteId"),
        ({"title": "a", "noteId": "a/b"}, "noteId"),
        ({"title": "a", "noteId": "a\nb"}, "noteId"),
        ({"title": "a", "noteId": "x" * 201}, "noteId"),
        ({"title": "a", "content": 1}, "content"),
        ({"title": "a", "content": "a\0b"}, "content"),
        ({"title": "a", "type": "poem"}, "type"),
        ({"title": "a", "source": "cat"}, "source"),
        ({"title": "a", "metadata": {"custom": {"k": 1}}}, "metadata.custom.k"),
        ({"title": "a", "metadata": {"assignedAgentIds": [""]}}, "metadata.assignedAgentIds.0"),
        ({"title": "a", "metadata": {"taskStatus": "LATE"}}, "metadata.taskStatus"),
    ],
)
async def test_what_is_wrong_with_a_note_is_said(here: Here, body: dict[str, Any], field: str) -> None:
    async with here.client() as http:
        answer = await http.post("/api/notes", json=body)
        assert field in complaint(answer, 400)
        assert answer.json()["field"] == field


async def test_half_a_character_is_refused(here: Here) -> None:
    async with here.client() as http:
        for body in (b'{"title": "\\ud83d"}', b'{"title": "a", "content": "\\ud83d"}'):
            answer = await http.post("/api/notes", content=body, headers={"Content-Type": "application/json"})
            complaint(answer, 400)


async def test_what_is_not_there_is_not_found_by_its_name(http: httpx.AsyncClient) -> None:
    missing = 'There is no note "x" in the workspace "default".'
    assert complaint(await http.get("/api/notes/default/x"), 404) == missing
    assert complaint(await http.get("/api/notes/default/x/content"), 404) == missing
    assert complaint(await http.get("/api/notes?noteId=x"), 404) == missing
    for changes in ({"title": "a"}, {"content": "a"}, {}):
        assert complaint(await http.patch("/api/notes/default/x", json=changes), 404) == missing
    edits = {"operations": [{"op": "append", "text": "a"}]}
    assert complaint(await http.post("/api/notes/default/x/edits", json=edits), 404) == missing
    assert complaint(await http.delete("/api/notes/default/x"), 404) == missing
    assert complaint(await http.delete("/api/notes", params={"noteId": "x"}), 404) == missing
    nowhere = 'There is no workspace "nowhere".'
    assert complaint(await http.get("/api/notes?workspaceId=nowhere"), 404) == nowhere
    for body in ({"title": "a"}, {"title": "a", "noteId": "a"}, {"noteId": "a"}):
        assert complaint(await http.post("/api/notes", json=body | {"workspaceId": "nowhere"}), 404) == nowhere


async def listed(http: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await http.get("/api/notes", params=query)
    assert answer.status_code == 200
    return [note["id"] for note in answer.json()["notes"]]


async def test_lists_are_filtered_and_oldest_first(http: httpx.AsyncClient) -> None:
    await http.post("/api/workspaces", json={"id": "w", "title": "W"})
    await make(http, "a", type="task", sessionId="s", metadata={"assignedAgentIds": ["x", "y"]})
    await make(http, "b", metadata={"assignedAgentIds": ["y"]}, content="b's text")
    await make(http, "c", workspaceId="w", sessionId="s")
    assert await listed(http) == ["spec", "a", "b"]
    assert await listed(http, workspaceId="w") == ["spec", "c"]
    assert await listed(http, type="task") == ["a"]
    assert await listed(http, sessionId="s") == ["a"]
    assert await listed(http, assignedAgentId="y") == ["a", "b"]
    assert await listed(http, assignedAgentId="y", type="task") == ["a"]
    assert await listed(http, assignedAgentId="z") == []
    contents = [note["content"] for note in (await http.get("/api/notes")).json()["notes"]]
    assert contents == ["", "", "b's text"]
    complaint(await http.get("/api/notes?type=poem"), 400)
    complaint(await http.get("/api/notes?cursor=nonsense"), 400)


async def test_a_list_may_be_without_the_texts(http: httpx.AsyncClient) -> None:
    await http.post("/api/notes", json={"noteId": "a", "title": "A", "content": "long"})
    for query in ("", "&groupBy=session"):
        answer = (await http.get(f"/api/notes?content=false{query}")).json()
        notes = answer["notes"] if not query else answer["groups"][0]["notes"]
        assert {note["id"]: "content" in note for note in notes} == {"a": False, "spec": False}


async def test_a_list_comes_in_pages_that_inserts_do_not_move(http: httpx.AsyncClient) -> None:
    for note in "abcd":
        await make(http, note)
    first = (await http.get("/api/notes?limit=3")).json()
    await make(http, "e")
    second = (await http.get("/api/notes", params={"limit": 3, "cursor": first["nextCursor"]})).json()
    assert [note["id"] for note in first["notes"] + second["notes"]] == ["spec", *"abcde"]
    assert "nextCursor" not in second


async def test_notes_are_grouped_by_session(http: httpx.AsyncClient) -> None:
    await make(http, "a", sessionId="s")
    await make(http, "b")
    await make(http, "c", sessionId="s")
    groups = (await http.get("/api/notes?groupBy=session")).json()["groups"]
    assert [(group.get("sessionId"), [note["id"] for note in group["notes"]]) for group in groups] == [
        (None, ["spec", "b"]),
        ("s", ["a", "c"]),
    ]
    assert "sessionName" not in groups[0]
    complaint(await http.get("/api/notes?groupBy=colour"), 400)


async def test_a_patch_changes_what_it_has_and_null_takes_away(http: httpx.AsyncClient) -> None:
    await make(http, content="one two", sessionId="s", metadata={"taskStatus": "BLOCKED", "custom": {"k": "v"}})
    answer = await http.patch("/api/notes/default/a", json={"title": "B", "type": "task", "content": "one 2 two"})
    assert answer.status_code == 200
    note = answer.json()["note"]
    assert (note["title"], note["content"], note["metadata"]["type"]) == ("B", "one 2 two", "task")
    answer = await http.patch(
        "/api/notes/default/a", json={"sessionId": None, "metadata": {"taskStatus": None, "custom": {}}}
    )
    assert answer.json()["note"]["metadata"] == {"type": "task"}
    assert "sessionId" not in answer.json()["note"]
    unchanged = (await http.patch("/api/notes/default/a", json={})).json()
    assert unchanged == answer.json()
    complaint(await http.patch("/api/notes/default/a", json={"title": None}), 400)
    complaint(await http.patch("/api/notes/default/a", json={"content": None}), 400)


async def edit(http: httpx.AsyncClient, *operations: dict[str, Any], **headers: str) -> httpx.Response:
    return await http.post("/api/notes/default/a/edits", json={"operations": operations}, headers=headers)


async def test_edits_name_their_place_by_a_quotation(http: httpx.AsyncClient) -> None:
    await make(http, content="one two")
    answer = await edit(
        http,
        {"op": "append", "text": " four"},
        {"op": "insert", "after": "two", "text": " three"},
        {"op": "insert", "before": "two", "text": "and "},
        {"op": "replace", "quote": "one", "text": "1"},
        {"op": "delete", "quote": " and"},
        {"op": "prepend", "text": "> "},
    )
    assert answer.status_code == 200
    assert answer.json()["note"]["content"] == "> 1 two three four" == await text(http)
    assert answer.headers["etag"] == etag.tag("> 1 two three four")


async def test_edits_are_done_all_or_none(http: httpx.AsyncClient) -> None:
    await make(http, content="one one two")
    added = {"op": "append", "text": "!"}
    sentence = complaint(await edit(http, added, {"op": "delete", "quote": "three"}), 409)
    assert sentence.startswith(
        "Operation 2 cannot be done, so nothing was changed: The text 'three' is not in the note"
    )
    assert "more than once" in complaint(await edit(http, added, {"op": "delete", "quote": "one"}), 409)
    assert await text(http) == "one one two"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "append"},
        {"op": "insert", "text": "x"},
        {"op": "insert", "text": "x", "after": "a", "before": "b"},
        {"op": "insert", "text": "x", "after": ""},
        {"op": "delete", "quote": ""},
        {"op": "shout", "text": "x"},
        {"text": "x"},
        "append",
    ],
)
async def test_an_operation_that_is_none_is_refused(here: Here, operation: Any) -> None:
    async with here.client() as http:
        await make(http, content="ab")
        assert "operations.0" in complaint(await edit(http, operation), 400)
        assert await text(http) == "ab"


async def test_no_operations_or_too_many_are_refused(here: Here) -> None:
    async with here.client() as http:
        await make(http)
        complaint(await edit(http), 400)
        complaint(await edit(http, *[{"op": "append", "text": "x"}] * 1_001), 400)


async def test_a_text_comes_as_markdown_with_a_tag(http: httpx.AsyncClient) -> None:
    await make(http, content="# Größe 😀")
    answer = await http.get("/api/notes/default/a/content")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.content == "# Größe 😀".encode()
    tag = answer.headers["etag"]
    for sent, status in ((tag, 304), (f'"x", {tag}', 304), ("*", 304), ('"x"', 200), (f"W/{tag}", 200)):
        again = await http.get("/api/notes/default/a/content", headers={"If-None-Match": sent})
        assert (again.status_code, again.headers["etag"]) == (status, tag)
    assert (await http.get("/api/notes/default/a")).headers["etag"] == tag


async def test_who_has_not_seen_the_newest_text_changes_nothing(http: httpx.AsyncClient) -> None:
    await make(http, content="one")
    seen = (await http.get("/api/notes/default/a")).headers["etag"]
    moved = (await http.patch("/api/notes/default/a", json={"content": "two"}, headers={"If-Match": seen})).headers[
        "etag"
    ]
    assert moved != seen
    stale = {"If-Match": seen}
    for answer in (
        await http.patch("/api/notes/default/a", json={"content": "three"}, headers=stale),
        await http.patch("/api/notes/default/a", json={"title": "three"}, headers=stale),
        await http.post("/api/notes", json={"noteId": "a", "title": "three", "content": "three"}, headers=stale),
        await edit(http, {"op": "append", "text": "three"}, **stale),
        await http.delete("/api/notes/default/a", headers=stale),
        await http.delete("/api/notes?noteId=a", headers=stale),
    ):
        assert "moved on" in complaint(answer, 412)
    note = (await http.get("/api/notes/default/a")).json()["note"]
    assert (note["title"], note["content"]) == ("a", "two")
    assert (await edit(http, {"op": "append", "text": "!"}, **{"If-Match": moved})).status_code == 200
    assert (await http.delete("/api/notes/default/a", headers={"If-Match": "*"})).status_code == 200
    complaint(await http.post("/api/notes", json={"noteId": "a", "title": "a"}, headers={"If-Match": "*"}), 404)


async def test_a_deleted_note_is_gone_and_can_be_made_again(http: httpx.AsyncClient) -> None:
    await make(http, content="old")
    assert (await http.delete("/api/notes/default/a")).json() == {"deleted": True, "noteId": "a"}
    complaint(await http.get("/api/notes/default/a"), 404)
    assert (await make(http))["content"] == ""
    assert (await http.delete("/api/notes", params={"noteId": "a"})).json() == {"deleted": True, "noteId": "a"}
    assert "noteId" in complaint(await http.delete("/api/notes"), 400)
    assert (await make(http, content="new"))["content"] == "new"


async def test_a_workspace_has_its_spec_note_from_the_start(http: httpx.AsyncClient, everywhere: Here) -> None:
    await http.post("/api/workspaces", json={"id": "posted", "title": "P"})
    async with everywhere.connect("/ws/opened/a") as client:
        await client.recv()
    for workspace in ("default", "posted", "opened"):
        spec = (await http.get(f"/api/notes/{workspace}/spec")).json()["note"]
        assert (spec["id"], spec["title"], spec["metadata"], spec["content"]) == ("spec", "Spec", {"type": "spec"}, "")


async def test_editors_see_what_is_written_over_http_and_readers_what_is_typed(
    http: httpx.AsyncClient, everywhere: Here
) -> None:
    await make(http, content="Hello")
    async with everywhere.connect("/ws/default/a") as client:
        await client.send(SyncStep1(b"\x00").encode())
        typist = Typist(7)
        while str(typist) != "Hello":
            frame = await client.recv()
            assert isinstance(frame, bytes)
            if frame.startswith(SyncStep2.prefix):
                typist.hear(frame[3:])
        await client.send(Update(typist.type(" world")).encode())
        await client.recv()  # the acknowledgement
        assert await text(http) == "Hello world"
        assert (await http.patch("/api/notes/default/a", json={"content": "Hello, world"})).status_code == 200
        frame = await client.recv()
        assert isinstance(frame, bytes)
        typist.hear(frame[3:])
        assert str(typist) == "Hello, world"
        assert (await http.get("/api/notes")).json()["notes"][1]["content"] == "Hello, world"
        await http.delete("/api/notes/default/a")
        assert await close_of(client) == (4404, "The note was deleted: what was not acknowledged is not kept.")


async def test_deleting_a_workspace_closes_the_editors_of_its_notes(http: httpx.AsyncClient, everywhere: Here) -> None:
    await http.post("/api/workspaces", json={"id": "w", "title": "W"})
    async with everywhere.connect("/ws/w/a") as client:
        await client.recv()
        assert (await http.delete("/api/workspaces/w")).status_code == 200
        assert await close_of(client) == (4404, "The workspace was deleted, and this note with it.")
    complaint(await http.get("/api/notes/w/a"), 404)


async def test_what_was_answered_is_there_after_a_restart(shared_settings: Settings) -> None:
    async with serving(shared_settings) as here, here.client() as http:
        await make(http, content="one")
        await http.patch("/api/notes/default/a", json={"content": "one two"})
        row = await here.service.notes.records.find(NoteKey("default", "a"))
        assert (row.content, row.behind) == ("", True)
        async with serving(shared_settings) as other, other.client() as elsewhere:
            assert await text(elsewhere) == "one two"
            assert (await elsewhere.get("/api/notes")).json()["notes"][1]["content"] == "one two"


async def test_a_note_that_is_too_large_is_refused() -> None:
    async with serving(quick(max_note_bytes=2_000)) as here, here.client() as http:
        await make(http, content="x" * 1_000)
        assert "limit" in complaint(await http.patch("/api/notes/default/a", json={"content": "y" * 1_500}), 413)
        assert await text(http) == "x" * 1_000


@pytest.fixture
async def stream(everywhere: Here) -> AsyncIterator[Any]:
    subscription = everywhere.service.events.subscribe("default")
    yield subscription
    everywhere.service.events.unsubscribe(subscription)


async def test_changes_are_told(http: httpx.AsyncClient, stream: Any) -> None:
    await make(http, content="text", source="agent")
    await http.patch("/api/notes/default/a", json={"title": "B"})
    await edit(http, {"op": "append", "text": "!"})
    await http.patch("/api/notes/default/a", json={})
    await http.delete("/api/notes/default/a", params={"source": "system"})
    told = [json.loads((await anext(stream)).data) for _ in range(4)]
    assert [(event["type"], event["source"], event["noteId"]) for event in told] == [
        ("note:created", "agent", "a"),
        ("note:updated", "user", "a"),
        ("note:updated", "agent", "a"),
        ("note:deleted", "system", "a"),
    ]
    assert [event.get("note", {}).get("content") for event in told] == ["text", "text", "text!", None]
