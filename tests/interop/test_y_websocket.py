"""Unmodified JavaScript clients, and one of pycrdt, edit notes together through the real server."""

import asyncio

import pytest

from tests.interop.database import Store
from tests.interop.javascript import JavaScriptClient, replay
from tests.interop.node import FOLDER, NodeProcess
from tests.interop.pycrdt_client import PycrdtClient
from tests.interop.trace import end_content
from tests.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")
durable = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True, scope="session")

TRACE = FOLDER / "fixtures" / "friendsforever-1500.json.gz"
FAMILY = "👨‍👩‍👧‍👦"
ASTRAL = f"a😀b{FAMILY}𝄞🇩🇪é𠮷"


async def text_of_newcomer(node: NodeProcess, server: ServerProcess, room: str, version: str = "3") -> str:
    async with JavaScriptClient(node, server.ws_url, room, version=version) as newcomer:
        return await newcomer.text()


async def test_two_people_typing_at_once_converge(
    server: ServerProcess, node: NodeProcess, room: str, version: str
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version) as ben,
    ):
        hers, his = "The quick brown fox jumps over the lazy dog. " * 3, "Pack my box with five dozen jugs. " * 4
        await asyncio.gather(ann.type(hers), ben.type(his))
        both = {ann.client_id: len(hers), ben.client_id: len(his)}
        await asyncio.gather(ann.wait(stateVector=both, echoed=both), ben.wait(stateVector=both, echoed=both))
        text = await ann.text()
        assert await ben.text() == text
        assert sorted(text) == sorted(hers + his)
        assert await text_of_newcomer(node, server, room, version) == text


async def test_edits_and_deletions_reach_everybody(
    server: ServerProcess, node: NodeProcess, room: str, version: str
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version) as ben,
    ):
        await ann.insert("one two three")
        await ben.wait(text="one two three")
        await ben.delete(3, 4)
        await ann.wait(text="one three")
        await ann.replace("four")
        await ben.wait(text="four")
        await ben.apply_update(await ann.encode_state())
        assert await ben.state_vector() == await ann.state_vector()


async def test_a_recorded_session_ends_with_the_recorded_text(
    server: ServerProcess, node: NodeProcess, room: str, version: str
) -> None:
    outcome = await replay(TRACE, server.ws_url, room, version=version)
    assert outcome["textsEqual"]
    assert outcome["edits"] == 1500
    assert outcome["acknowledged"] == {"1": 747, "2": 699}
    assert await text_of_newcomer(node, server, room, version) == end_content(TRACE)


@durable
async def test_a_recorded_session_survives_a_kill(
    server: ServerProcess, node: NodeProcess, store: Store, note: str, room: str
) -> None:
    await replay(TRACE, server.ws_url, room)
    server.restart()
    assert await text_of_newcomer(node, server, room) == end_content(TRACE)
    await store.wait_for_text("default", note, end_content(TRACE))
    server.restart()
    assert await text_of_newcomer(node, server, room) == end_content(TRACE)


@durable
async def test_an_evicted_note_has_its_text_in_the_database(
    server: ServerProcess, node: NodeProcess, store: Store, note: str, room: str
) -> None:
    async with JavaScriptClient(node, server.ws_url, room) as ann:
        await ann.type(ASTRAL)
        await ann.wait(acknowledged=True)
    await store.wait_for_text("default", note, ASTRAL)
    assert await text_of_newcomer(node, server, room) == ASTRAL


async def test_astral_characters_and_sequences_typed_at_once(
    server: ServerProcess, node: NodeProcess, room: str, version: str
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version) as ben,
    ):
        await ann.insert("|")  # each on a side of their own: their letters must not mix
        await ben.wait(text="|")
        await asyncio.gather(ann.type(ASTRAL, 0), ben.type(FAMILY * 5))
        await asyncio.gather(ann.wait(contains=FAMILY * 5), ben.wait(contains=ASTRAL))
        await ann.wait(text=await ben.text())
        await ann.replace(ASTRAL)
        await ben.wait(text=ASTRAL)
        await ben.delete(1, 2)
        await ann.wait(text=ASTRAL.replace("😀", ""))
        assert await text_of_newcomer(node, server, room, version) == ASTRAL.replace("😀", "")


@pytest.mark.parametrize("half", ["", "\ude01"], ids=["insert between", "replace the low half"])
async def test_a_split_surrogate_pair_looks_the_same_to_a_newcomer(
    server: ServerProcess, node: NodeProcess, room: str, version: str, half: str
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version) as ben,
    ):
        await ann.insert("😀 and 😀")
        await ben.wait(text="😀 and 😀")
        await ben.delete(1, len(half))
        await ben.insert(half or "x", 1)
        await ann.wait(stateVector=await ben.state_vector())
        await ann.insert("!")
        await ann.wait(acknowledged=True)
        seen = await ann.text()
        assert seen == ("\ufffd\ufffd and 😀!" if half else "\ufffdx\ufffd and 😀!")
        assert await text_of_newcomer(node, server, room, version) == seen


@durable
async def test_a_split_surrogate_pair_looks_the_same_after_an_eviction(
    server: ServerProcess, node: NodeProcess, store: Store, note: str, room: str
) -> None:
    async with JavaScriptClient(node, server.ws_url, room) as ann:
        await ann.insert("😀 and 😀")
        await ann.insert("x", 1)
        await ann.insert("!")
        await ann.wait(acknowledged=True)
    seen = "\ufffdx\ufffd and 😀!"
    await store.wait_for_text("default", note, seen)
    assert await text_of_newcomer(node, server, room) == seen


async def test_whoever_comes_back_gets_what_was_missed_and_no_more(
    server: ServerProcess, node: NodeProcess, room: str, version: str
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version, awareness=False) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version, awareness=False) as ben,
    ):
        long = "A line of the long note.\n" * 4000
        await ann.insert(long)
        await ben.wait(text=long)
        await ben.disconnect()
        before = (await ben.status())["bytes"]
        await ann.type("Typed while Ben was away. ", 0)
        await ben.insert("Typed offline.")
        await ben.reconnect()
        text = f"Typed while Ben was away. {long}Typed offline."
        await asyncio.gather(ann.wait(text=text), ben.wait(text=text, acknowledged=True))
        assert 0 < (await ben.status())["bytes"] - before < 500


async def test_names_and_cursors_are_seen_until_their_owner_leaves(
    server: ServerProcess, node: NodeProcess, room: str, version: str
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version) as ben,
    ):
        hers = {"user": {"name": "Ann", "color": "#fa0"}, "cursor": {"anchor": 3, "head": 5}}
        await ann.set_awareness(hers)
        await ben.set_awareness({"user": {"name": "Ben"}})
        await asyncio.gather(ann.wait(people=["Ann", "Ben"]), ben.wait(people=["Ann", "Ben"]))
        assert (await ben.awareness())[ann.client_id] == hers
        await ann.wait(awarenessEchoed=True)
        async with JavaScriptClient(node, server.ws_url, room, version=version) as late:
            await late.wait(people=["Ann", "Ben"])
        await ann.disconnect()
        await ben.wait(people=["Ben"])
        await ann.reconnect()
        await ann.wait(synced=True)
        # A provider that went offline forgot the others but kept their clocks: it sees them at their next sign of life.
        await ann.set_awareness(hers)
        await ben.set_awareness({"user": {"name": "Ben"}})
        await asyncio.gather(ann.wait(people=["Ann", "Ben"]), ben.wait(people=["Ann", "Ben"]))


async def test_clients_of_pycrdt_and_of_javascript_share_a_note(
    server: ServerProcess, node: NodeProcess, room: str, version: str
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        PycrdtClient(server.ws_url, room) as guido,
    ):
        await guido.set_awareness({"user": {"name": "Guido"}})
        await ann.set_awareness({"user": {"name": "Ann"}})
        await ann.insert(ASTRAL)
        await guido.wait(lambda: guido.text == ASTRAL and len(guido.people) == 2)
        await guido.delete(1, 1)
        await guido.insert("🐍", 1)
        changed = ASTRAL.replace("😀", "🐍")
        await ann.wait(text=changed, people=["Ann", "Guido"])

        async def type_in_python() -> None:
            for word in range(50):
                await guido.insert(f"python{word} ", 0)

        await asyncio.gather(type_in_python(), ann.type(" " + "typed in JavaScript" * 5))
        await ann.wait(contains="python49 ")
        await guido.wait(lambda: "typed in JavaScript" * 5 in guido.text)
        assert guido.text == await ann.text()
    assert await text_of_newcomer(node, server, room, version) == guido.text
