"""Unmodified Hocuspocus providers and y-websocket clients in one note, through the real server."""

from typing import Any

import pytest

from tests.interop.database import Store
from tests.interop.node import run_node
from tests.interop.pycrdt_client import PycrdtClient
from tests.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")
durable = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True, scope="session")
providers = pytest.mark.parametrize("provider", ["2", "3", "4"])


async def play(server: ServerProcess, room: str, provider: str, words: int = 100) -> Any:
    return await run_node(
        "hocuspocus.mjs",
        hocuspocus=f"ws://127.0.0.1:{server.port}/hocuspocus",
        websocket=server.ws_url,
        name=room,
        version=provider,
        words=words,
    )


async def newcomer(server: ServerProcess, room: str) -> str:
    async with PycrdtClient(server.ws_url, room) as client:
        return client.text


@providers
async def test_both_protocols_write_one_note(server: ServerProcess, room: str, provider: str) -> None:
    seen = await play(server, room, provider)
    assert seen["equal"]
    assert seen["names"] == ["Ann", "Cat"]
    assert seen["unsynced"] == [0, 0, 0]
    assert seen["other"] == "another note"
    assert seen["scope"] in ("read-write", None)  # version 2 does not say
    assert await newcomer(server, room) == seen["text"]


@durable
@providers
async def test_what_a_provider_shows_as_saved_survives_a_kill(
    server: ServerProcess, store: Store, room: str, provider: str
) -> None:
    seen = await play(server, room, provider, words=300)
    server.kill9()
    server.restart()
    kept = await newcomer(server, room)
    # The y-websocket client beside them was not asked whether its last words had come back.
    theirs = {word for word in seen["text"].split() if not word.startswith("cat")}
    assert theirs - set(kept.split()) == set()
    assert await newcomer(server, f"{room}-other") == "another note"
