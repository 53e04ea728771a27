"""Row 1: the server is killed and comes back: nothing that was acknowledged is missing, and everybody goes on."""

import asyncio
import os
import random
from collections import Counter

import pytest

from tests.interop.database import Store
from tests.interop.javascript import JavaScriptClient, WordLedger
from tests.interop.node import NodeProcess
from tests.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")
durable = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True, scope="session")

ROUNDS = int(os.environ.get("ROUTA_KILL_ROUNDS", "10"))
ROUNDS_A_NOTE = 20
"""Then another note takes its place: clients that look for words in a text of megabytes would be what is tested."""


async def test_a_client_goes_on_after_a_restart(
    server: ServerProcess, node: NodeProcess, room: str, version: str
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version=version) as ann,
        JavaScriptClient(node, server.ws_url, room, version=version) as ben,
    ):
        await ann.insert("before, ")
        await ben.wait(text="before, ")
        server.kill9()
        await ann.wait(connected=False)
        await ann.insert("meanwhile, ")
        server.restart()
        await asyncio.gather(ann.wait(synced=True), ben.wait(synced=True))
        await ben.wait(text="before, meanwhile, ")
        await ben.insert("after")
        await ann.wait(text="before, meanwhile, after")


@durable
@pytest.mark.timeout(60 + 20 * ROUNDS)
async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    server: ServerProcess, node: NodeProcess, store: Store, note: str
) -> None:
    acknowledged: Counter[str] = Counter()
    for first in range(0, ROUNDS, ROUNDS_A_NOTE):
        rounds = range(first, min(first + ROUNDS_A_NOTE, ROUNDS))
        acknowledged += await _kill_again_and_again(server, node, store, f"{note}-{first}", rounds)
        print(f"{store.name}: {rounds.stop} of {ROUNDS} kills, {acknowledged['kept']} words", flush=True)
    words, deletions = acknowledged["kept"], acknowledged["gone"]
    print(f"{store.name}: {ROUNDS} kills, {words} words and {deletions} deletions acknowledged, none lost")


async def _kill_again_and_again(
    server: ServerProcess, node: NodeProcess, store: Store, note: str, rounds: range
) -> Counter[str]:
    """Kill the server while two people write in a note; how much was acknowledged."""
    kept: set[str] = set()
    gone: set[str] = set()
    room = f"default/{note}"
    async with (
        JavaScriptClient(node, server.ws_url, room, version="1.5") as ann,
        JavaScriptClient(node, server.ws_url, room, version="3") as ben,
    ):
        for round_ in rounds:
            ledgers = await _edit_until_killed(server, {f"a{round_}x": ann, f"b{round_}x": ben})
            kept.update(*(ledger["kept"] for ledger in ledgers))
            gone.update(*(ledger["deleted"] for ledger in ledgers))
            server.restart()
            clocks = {ledger["clientId"]: ledger["acknowledged"] for ledger in ledgers}
            await _check_newcomer(node, server, room, clocks, kept, gone)
            await asyncio.gather(_come_back(ann), _come_back(ben))
        text = await _settle(ann, ben)
    await store.wait_for_text("default", note, text)
    return Counter(kept=len(kept), gone=len(gone))


async def _edit_until_killed(server: ServerProcess, people: dict[str, JavaScriptClient]) -> list[WordLedger]:
    """Let all edit as fast as they can, kill the server at a random moment, and return what they saw acknowledged.

    They are left offline: they must not bring back themselves what the server may have lost.
    """
    for name, person in people.items():
        await person.scribble(name)
        more = (await person.status())["acknowledged"] + random.randint(1, 1500)
        await person.wait(60, echoed={person.client_id: more})
    server.kill9()
    for person in people.values():
        await person.disconnect()
    return [await person.stop_scribbling() for person in people.values()]


async def _check_newcomer(
    node: NodeProcess, server: ServerProcess, room: str, clocks: dict[int, int], kept: set[str], gone: set[str]
) -> None:
    async with JavaScriptClient(node, server.ws_url, room) as newcomer:
        found = await newcomer.state_vector()
        assert {who: clock for who, clock in clocks.items() if found.get(who, 0) < clock} == {}
        words = set((await newcomer.text()).split())
        assert kept - words == set()
        assert gone & words == set()


async def _come_back(person: JavaScriptClient) -> None:
    await person.reconnect()
    await person.wait(synced=True)


async def _settle(ann: JavaScriptClient, ben: JavaScriptClient) -> str:
    """Wait until both hold everything, and return the text."""
    await ben.wait(stateVector=await ann.state_vector())
    await ann.wait(stateVector=await ben.state_vector())
    text = await ann.text()
    await ben.wait(text=text)
    return text
