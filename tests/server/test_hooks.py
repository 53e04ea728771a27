"""Hooks in a module of somebody else's, on a real server in a process of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from crdt.encoding import write_string
from crdt.envelope import STORED, authenticated, denied, stateless
from crdt.messages import SyncStep1, Update
from server.hookrunner import FAILURE
from tests.crdt.typist import Typist
from tests.server.conftest import until
from tests.server_process import PROJECT, ServerError, ServerProcess

MODULE = """
import json
import os

from server.access import Access, Grant, Identity
from server.hooks import Hooks, Refused


class Door(Hooks):
    async def on_connect(self, connection):
        assert connection.client == "127.0.0.1"
        if connection.headers.get("x-kind") == "robot":
            raise Refused(f"No robots in {connection.workspace}, not over {connection.protocol}.")
        if connection.headers.get("x-kind") == "riddle":
            raise KeyError("canary")

    async def on_authorize(self, request):
        if request.token == "thief":
            raise Refused("We know you.")
        if request.token.startswith("guest-"):
            name = request.token.removeprefix("guest-")
            return Identity(name, (Grant("w", Access.WRITE),), name.title())

    async def on_change(self, change):
        text = await change.text()
        with open(os.environ["BOOK"], "a") as book:
            line = [change.workspace, change.note, [who.subject for who in change.contributors], text]
            book.write(json.dumps(line) + chr(10))

    async def on_stateless(self, message):
        if message.payload == "ping":
            return f"pong, {message.identity.name}"
        if message.payload == "swear":
            raise Refused("Mind your words.")
        if message.payload == "whisper":
            return False
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "door.py").write_text(MODULE)
    return tmp_path


def server_with(folder: Path, *arguments: str, **environment: str) -> ServerProcess:
    """A server that asks for tokens, and finds the modules in the folder."""
    always = {"PYTHONPATH": f"{PROJECT}:{folder}", "BOOK": str(folder / "book"), "ROUTA_AUTH": "on"}
    return ServerProcess(always | environment, data_dir=folder / "data", arguments=arguments)


@pytest.fixture
def server(folder: Path) -> Iterator[ServerProcess]:
    with server_with(folder, "--hooks", "door") as started:
        yield started


def book(folder: Path) -> list[Any]:
    file = folder / "book"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


async def hear(socket: ClientConnection, wanted: bytes) -> None:
    """Read until something comes."""
    async with asyncio.timeout(30):
        while await socket.recv() != wanted:
            pass


@asynccontextmanager
async def typing(server: ServerProcess, token: str, text: str) -> AsyncIterator[None]:
    """Somebody who has typed something that is kept."""
    async with connect(f"{server.ws_url}/w/n?token={token}", compression=None) as socket:
        update = Update(Typist(1).type(text)).encode()
        await socket.send(SyncStep1(b"\x00").encode())
        await socket.send(update)
        await hear(socket, update)
        yield


async def status_of(server: ServerProcess, path: str, **headers: str) -> tuple[int, str]:
    """What somebody is told who is not let in."""
    address = f"ws://127.0.0.1:{server.port}{path}"
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(address, additional_headers={"x-kind": "", **headers}):
            pass
    response = refusal.value.response
    return response.status_code, json.loads(response.body or b"{}")["error"]


@pytest.mark.timeout(120)
async def test_a_hook_refuses_those_it_does_not_want_and_nobody_else(server: ServerProcess) -> None:
    robot = {"x-kind": "robot"}
    path = "/ws/w/n?token=guest-ann"
    assert await status_of(server, path, **robot) == (403, "No robots in w, not over y-websocket.")
    assert await status_of(server, "/hocuspocus", **robot) == (403, "No robots in None, not over hocuspocus.")
    assert await status_of(server, path, **{"x-kind": "riddle"}) == (403, FAILURE)
    assert await status_of(server, "/ws/w/n?token=thief") == (403, "We know you.")
    assert (await status_of(server, "/ws/w/n?token=nobody"))[0] == 401
    assert (await status_of(server, "/ws/other/n?token=guest-ann"))[0] == 403
    async with typing(server, "guest-ann", "x"):
        assert "KeyError: 'canary'" in server.stderr
        assert "guest-ann" not in server.stderr


@pytest.mark.timeout(120)
async def test_a_hook_says_who_somebody_is_and_hears_of_what_they_do(server: ServerProcess, folder: Path) -> None:
    async with typing(server, "guest-ann", "hello"):
        await until(lambda: len(book(folder)) == 1, 30)
    bearer = {"Authorization": "Bearer guest-bob"}
    async with httpx.AsyncClient(base_url=server.url, headers=bearer, timeout=30) as client:
        assert (await client.get("/api/notes/w/n")).json()["note"]["content"] == "hello"
        assert (await client.patch("/api/notes/w/n", json={"content": "hello, all"})).status_code == 200
        assert (await client.get("/api/notes/default/spec")).status_code in (403, 404)
        assert (await client.get("/api/notes/w/n", headers={"Authorization": "Bearer thief"})).status_code == 403
        assert (await client.get("/api/notes/w/n", headers={"Authorization": "Bearer x"})).status_code == 401
    await until(lambda: len(book(folder)) == 2, 30)
    assert book(folder) == [["w", "n", ["ann"], "hello"], ["w", "n", [], "hello, all"]]


@pytest.mark.timeout(120)
async def test_a_hook_answers_stops_and_refuses_stateless_messages(server: ServerProcess) -> None:
    here, address = write_string("w/n"), f"ws://127.0.0.1:{server.port}/hocuspocus"
    async with connect(address) as ann, connect(address) as ben:
        for socket, token in ((ann, "guest-ann"), (ben, "guest-ben")):
            await socket.send(here + b"\x02\x00" + write_string(token))
            await hear(socket, here + authenticated())
            await hear(socket, here + SyncStep1(b"\x00").encode())
        for words in ("ping", "whisper", "hello", "swear"):
            await ann.send(here + b"\x05" + write_string(words))
        await hear(ann, here + stateless(write_string("pong, Ann")))
        await hear(ann, here + denied("Mind your words."))
        async with asyncio.timeout(30):
            heard = [await ben.recv(), await ben.recv()]
        assert heard == [here + stateless(write_string(words)) for words in ("ping", "hello")]
        await ben.send(here + Update(Typist(2).type("x")).encode())
        await hear(ben, here + STORED)


@pytest.mark.timeout(120)
async def test_a_package_brings_its_hooks_by_an_entry_point(folder: Path) -> None:
    information = folder / "doors-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: doors\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[routa_notes.hooks]\ndoor = door:Door\n")
    with server_with(folder) as server:
        async with typing(server, "guest-ann", "x"):
            assert (await status_of(server, "/ws/w/n?token=thief"))[1] == "We know you."


@pytest.mark.parametrize(("arguments", "variables"), [(["--hooks", "window"], {}), ([], {"ROUTA_HOOKS": "window"})])
@pytest.mark.timeout(60)
def test_a_module_that_cannot_be_had_stops_the_start_with_one_sentence(
    folder: Path, arguments: list[str], variables: dict[str, str]
) -> None:
    server = server_with(folder, *arguments, **variables)
    try:
        with pytest.raises(ServerError) as error:
            server.start()
    finally:
        server.__exit__(None, None, None)
    assert "Error: The hooks window, which ROUTA_HOOKS names, cannot be loaded (ModuleNotFoundError" in str(error.value)
    assert "Traceback" not in str(error.value)
