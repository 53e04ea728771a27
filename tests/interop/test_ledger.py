"""Row 1: the server is killed at random moments: what any provider showed as saved is there afterwards."""

import asyncio
import os
import random
from collections.abc import Iterator

import pytest

from server.access import Access
from tests.interop.database import Store
from tests.interop.guarded import EVERY_PROVIDER, HOCUSPOCUS, guarded_server, people, person, token
from tests.interop.javascript import JavaScriptClient, WordLedger
from tests.interop.node import NodeProcess
from tests.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROUNDS = int(os.environ.get("ROUTA_KILL_ROUNDS", "3"))


@pytest.fixture
def server(store: Store) -> Iterator[ServerProcess]:
    with guarded_server(store) as started:
        yield started
        print(started.new_stderr())


@pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True, scope="session")
@pytest.mark.timeout(120 + 30 * ROUNDS)
async def test_what_a_provider_shows_as_saved_survives_a_kill(
    server: ServerProcess, node: NodeProcess, store: Store, note: str, room: str
) -> None:
    shown = token(Access.WRITE, note)
    kept: dict[str, set[str]] = {provider: set() for provider in EVERY_PROVIDER}
    gone: set[str] = set()
    for round_ in range(ROUNDS):
        async with people(node, server, room, token=shown) as everybody:
            ledgers = await _write_until_killed(server, everybody, f"r{round_}")
        for provider, ledger in zip(EVERY_PROVIDER, ledgers, strict=True):
            kept[provider].update(ledger["kept"])
            gone.update(ledger["deleted"])
        server.start()
        async with person(node, server, random.choice(EVERY_PROVIDER), room, token=shown) as newcomer:
            words = set((await newcomer.text()).split())
        assert {provider: sorted(saved - words)[:5] for provider, saved in kept.items() if saved - words} == {}
        assert gone & words == set()
    assert all(kept.values())
    sizes = ", ".join(f"{len(saved)} by {provider}" for provider, saved in kept.items())
    print(f"{store.name}: {ROUNDS} kills; words shown as saved: {sizes}; {len(gone)} deletions; none lost")


async def _write_until_killed(server: ServerProcess, everybody: list[JavaScriptClient], name: str) -> list[WordLedger]:
    """Let all write, kill the server when everybody has something saved and one of them enough, and take stock.

    They stay offline: they must not bring back themselves what the server may have lost.
    """
    for number, one in enumerate(everybody):
        await one.scribble(f"{name}p{number}x")
    await asyncio.gather(*(one.wait(30, written=1) for one in everybody))
    slow = random.randrange(len(HOCUSPOCUS))
    await everybody[slow].wait(60, written=random.randint(1, 150))
    server.kill9()
    for one in everybody:
        await one.disconnect()
    return [await one.stop_scribbling() for one in everybody]
