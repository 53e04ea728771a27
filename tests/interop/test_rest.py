"""Notes that scripts edit over HTTP while unmodified JavaScript clients have them open."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.interop.javascript import JavaScriptClient
from tests.interop.node import NodeProcess
from tests.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")
durable = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True, scope="session")

FAMILY = "👨‍👩‍👧‍👦"
GONE = {"code": 4404, "reason": "The note was deleted: what was not acknowledged is not kept."}
OLD = 4409


@pytest_asyncio.fixture(loop_scope="session")
async def http(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who edits notes over HTTP."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        yield client


async def content(http: httpx.AsyncClient, note: str) -> str:
    answer = await http.get(f"/api/notes/default/{note}/content")
    assert answer.status_code == 200
    return answer.text


async def make(http: httpx.AsyncClient, note: str, text: str) -> None:
    answer = await http.post("/api/notes", json={"noteId": note, "title": note, "content": text})
    assert answer.status_code == 201


async def script(http: httpx.AsyncClient, note: str) -> None:
    """Write words one by one, each in a request."""
    for word in range(20):
        operation = {"op": "insert", "after": "Script: ", "text": f"<{word}>"}
        answer = await http.post(f"/api/notes/default/{note}/edits", json={"operations": [operation]})
        assert answer.status_code == 200
        assert f"<{word}>" in answer.json()["note"]["content"]


async def change_line(http: httpx.AsyncClient, note: str, old: str, new: str) -> None:
    """Write the whole text with one line changed, until nobody has typed between reading and writing."""
    while True:
        seen = await http.get(f"/api/notes/default/{note}/content")
        answer = await http.patch(
            f"/api/notes/default/{note}",
            json={"content": seen.text.replace(old, new)},
            headers={"If-Match": seen.headers["etag"]},
        )
        if answer.status_code != 412:
            assert answer.status_code == 200
            return


async def text_of_newcomer(node: NodeProcess, server: ServerProcess, room: str, version: str) -> str:
    async with JavaScriptClient(node, server.ws_url, room, version=version) as newcomer:
        return await newcomer.text()


async def test_scripts_edit_while_two_people_type_and_all_have_the_same_text(
    server: ServerProcess, node: NodeProcess, http: httpx.AsyncClient, note: str, room: str, version: str
) -> None:
    start = f"# Plan {FAMILY}\n\nAnn: \n\nBen: \n\nScript: \n"
    await make(http, note, start)
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version) as ben,
    ):
        assert await ann.text() == start
        hers, his = "Ann writes é and 😀. " * 5, "Ben writes 🇩🇪. " * 5

        await asyncio.gather(ann.type(hers, after="Ann: "), ben.type(his, after="Ben: "), script(http, note))
        await asyncio.gather(ann.wait(acknowledged=True), ben.wait(acknowledged=True))
        text = await content(http, note)
        assert hers in text
        assert his in text
        assert all(f"<{word}>" in text for word in range(20))
        await asyncio.gather(ann.wait(text=text, acknowledged=True), ben.wait(text=text, acknowledged=True))
        assert await ann.state_vector() == await ben.state_vector()
    assert await text_of_newcomer(node, server, room, version) == text


async def test_a_whole_text_that_a_script_writes_keeps_what_people_type_meanwhile(
    server: ServerProcess, node: NodeProcess, http: httpx.AsyncClient, note: str, room: str, version: str
) -> None:
    lines = [f"line {number} {FAMILY}\n" for number in range(50)]
    await make(http, note, "".join(lines))
    async with JavaScriptClient(node, server.ws_url, room, version=version) as ann:
        typing = asyncio.create_task(ann.type("[typed]" * 20))
        for number in range(25):
            lines[number] = f"changed {number}\n"
            await change_line(http, note, f"line {number} {FAMILY}", f"changed {number}")
        await typing
        text = "".join(lines) + "[typed]" * 20
        await ann.wait(text=text, acknowledged=True)
        assert await content(http, note) == text


async def test_an_edit_over_http_is_answered_after_its_commit(
    server: ServerProcess, node: NodeProcess, http: httpx.AsyncClient, note: str, room: str
) -> None:
    await make(http, note, "one")
    async with JavaScriptClient(node, server.ws_url, room) as ann:
        await http.patch(f"/api/notes/default/{note}", json={"content": "one two"})
        await ann.wait(text="one two")
        frames = (await ann.status())["frames"]
        await http.patch(f"/api/notes/default/{note}", json={"content": "one two"})
        assert (await ann.status())["frames"] == frames


@durable
async def test_a_crash_loses_no_answered_edit_and_to_repeat_one_is_harmless(
    server: ServerProcess, node: NodeProcess, http: httpx.AsyncClient, note: str, room: str
) -> None:
    await make(http, note, "start\n")
    async with JavaScriptClient(node, server.ws_url, room) as ann:
        wanted = answered = "start\n"

        async def write(round_: int) -> None:
            nonlocal answered, wanted
            for number in range(1_000):
                wanted = f"{answered}{round_}.{number}\n"
                answer = await http.patch(f"/api/notes/default/{note}", json={"content": wanted})
                assert answer.status_code == 200
                answered = wanted

        for round_ in range(3):
            writing = asyncio.create_task(write(round_))
            await ann.wait(contains=f"{round_}.9\n")
            await asyncio.to_thread(server.kill9)
            with pytest.raises(httpx.HTTPError):
                await writing
            await asyncio.to_thread(server.start)
            await ann.wait(connected=True, synced=True)
            assert await content(http, note) in (answered, wanted)
            # Nobody knows whether the last one was kept: it is sent again.
            answer = await http.patch(f"/api/notes/default/{note}", json={"content": wanted})
            assert answer.json()["note"]["content"] == wanted
            answered = wanted
            await ann.wait(text=wanted)
    assert await content(http, note) == answered


@pytest.mark.parametrize("made_again", ["over HTTP", "by a new client"])
async def test_an_old_client_that_comes_back_does_not_merge(
    server: ServerProcess,
    node: NodeProcess,
    http: httpx.AsyncClient,
    note: str,
    version: str,
    made_again: str,
) -> None:
    room = f"default/{note}"
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version) as reader,
        JavaScriptClient(node, server.ws_url, room, version=version) as away,
    ):
        await ann.insert("old text ")
        for client in (reader, away):
            await client.wait(text="old text ")
        await away.disconnect()
        await away.insert("typed offline ")
        assert (await http.delete(f"/api/notes/default/{note}")).json() == {"deleted": True, "noteId": note}
        for client in (ann, reader):
            await client.wait(closes=1)
            assert (await client.status())["closes"][0] == GONE
            await client.disconnect()
        assert (await http.get(f"/api/notes/default/{note}")).status_code == 404
        async with JavaScriptClient(node, server.ws_url, room, version=version) as newcomer:
            if made_again == "over HTTP":
                await make(http, note, "new text")
            else:
                await newcomer.insert("new text")
                await newcomer.wait(acknowledged=True)
            await newcomer.wait(text="new text")
            for client, has in ((ann, "old text "), (reader, "old text "), (away, "old text typed offline ")):
                closes = len((await client.status())["closes"])
                await client.reconnect()
                await client.wait(closes=closes + 1)
                close = (await client.status())["closes"][closes]
                assert close["code"] == OLD
                assert close["reason"].startswith("The note was deleted and made again")
                assert await client.text() == has
                await client.disconnect()
            assert await newcomer.text() == await content(http, note) == "new text"
            assert (await newcomer.status())["closes"] == []
            await newcomer.insert(", edited")
            await newcomer.wait(acknowledged=True)
        assert await text_of_newcomer(node, server, room, version) == "new text, edited"


async def test_version_3_stops_where_the_note_is_gone(
    server: ServerProcess, node: NodeProcess, http: httpx.AsyncClient, note: str, room: str
) -> None:
    async with JavaScriptClient(node, server.ws_url, room, version="3") as ann:
        await ann.insert("old")
        await ann.wait(acknowledged=True)
        await http.delete(f"/api/notes/default/{note}")
        await ann.wait(closes=1, connected=False)
        await make(http, note, "new")
        async with JavaScriptClient(node, server.ws_url, room, version="3") as ben:
            # However long Ben types, Ann's client does not try again.
            await ben.type("er and newer" * 20)
            await ben.wait(acknowledged=True)
        status = await ann.status()
        assert (status["connections"], status["closes"], await ann.text()) == (1, [GONE], "old")


async def test_an_older_client_that_keeps_coming_back_does_not_make_a_deleted_note_again(
    server: ServerProcess, node: NodeProcess, http: httpx.AsyncClient, note: str, room: str
) -> None:
    async with JavaScriptClient(node, server.ws_url, room, version="1.5") as ann:
        await ann.insert("old")
        await ann.wait(acknowledged=True)
        await http.delete(f"/api/notes/default/{note}")
        await ann.wait(closes=3)
        assert {close["code"] for close in (await ann.status())["closes"]} == {4404, OLD}
        assert (await http.get(f"/api/notes/default/{note}")).status_code == 404
