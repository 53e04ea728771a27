"""What no honest client sends is refused with a reason, and nobody else notices."""

import itertools

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.interop.database import Store
from tests.interop.javascript import JavaScriptClient
from tests.interop.node import NodeProcess
from tests.interop.pycrdt_client import varbytes, varuint
from tests.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")
durable = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True, scope="session")

BAD_PATHS = {
    "empty note": "default/",
    "empty workspace": "/note",
    "no note": "default",
    "too many parts": "default/a/b",
    "201 characters": f"default/{'a' * 201}",
    "201 characters in the workspace": f"{'a' * 201}/note",
    "NUL": "default/a%00b",
    "line feed": "default/%0a",
    "DEL": "default/%7f",
    "control character in the workspace": "a%1bb/note",
    "not UTF-8": "default/%ff",
}

BAD_FRAMES: dict[str, tuple[bytes | str, int]] = {
    "text": ("hello", 1003),
    "empty": (b"", 1002),
    "unknown type": (b"\x63", 1002),
    "unknown sync step": (b"\x00\x09\x01\x00", 1002),
    "cut short": (b"\x00\x02\x0a\x01", 1002),
    "endless number": (b"\x00\x02" + b"\xff" * 40, 1002),
    "state vector that is none": (b"\x00\x00" + varbytes(b"\xff\xff\xff"), 1007),
    "update that is none": (b"\x00\x02" + varbytes(b"\xff\xff\xff\xff"), 1007),
    "awareness that is no JSON": (b"\x01" + varbytes(varuint(1) + varuint(77) + varuint(1) + varbytes(b"{no")), 1007),
    "too big": (b"\x00\x02" + varbytes(bytes(17 * 2**20)), 1009),
}


@pytest.mark.parametrize("path", BAD_PATHS.values(), ids=BAD_PATHS)
async def test_a_bad_id_is_refused_at_the_upgrade_with_a_sentence(server: ServerProcess, path: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(f"{server.ws_url}/{path}"):
            pass
    response = refusal.value.response
    assert response.status_code == 400
    assert response.body is not None
    sentence = bytes(response.body).decode()
    assert " " in sentence
    assert "." in sentence


async def test_a_javascript_client_hears_of_the_refusal(server: ServerProcess, node: NodeProcess, version: str) -> None:
    async with JavaScriptClient(node, server.ws_url, "default/%00", version=version, synced=False) as ann:
        await ann.wait(errors=2, closes=2)
        assert "Unexpected server response: 400" in (await ann.status())["errors"]
        assert not (await ann.status())["synced"]


@pytest.mark.parametrize("character", ["a", "%C3%A9", "%F0%9F%98%80"])
async def test_200_characters_are_an_id(server: ServerProcess, node: NodeProcess, note: str, character: str) -> None:
    room = f"default/{note}{character * (200 - len(note))}"
    async with JavaScriptClient(node, server.ws_url, room) as ann:
        await ann.insert("fits")
        await ann.wait(acknowledged=True)


async def test_percent_encoding_is_handled_once(server: ServerProcess, node: NodeProcess, room: str) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, f"{room}%25") as percent,
        JavaScriptClient(node, server.ws_url, f"{room}%2525") as percent_25,
        JavaScriptClient(node, server.ws_url, f"{room}%25%32%35") as also_percent_25,
    ):
        await percent.insert("one")
        await percent_25.insert("two")
        await also_percent_25.wait(text="two")
        await percent.wait(text="one", acknowledged=True)


@durable
async def test_the_stored_id_is_decoded_once(
    server: ServerProcess, node: NodeProcess, store: Store, note: str, room: str
) -> None:
    async with JavaScriptClient(node, server.ws_url, f"{room}%2525%2Fé") as ann:
        await ann.insert("kept")
        await ann.wait(acknowledged=True)
    await store.wait_for_text("default", f"{note}%25/é", "kept")


@pytest.mark.parametrize(("frame", "code"), BAD_FRAMES.values(), ids=BAD_FRAMES)
async def test_a_bad_frame_closes_its_own_connection_alone(
    server: ServerProcess, node: NodeProcess, room: str, frame: bytes | str, code: int
) -> None:
    async with (
        JavaScriptClient(node, server.ws_url, room, version="1.5") as ann,
        JavaScriptClient(node, server.ws_url, room, version="3") as ben,
    ):
        await ann.insert("before ")
        # Not a context manager: closing a connection that was lost in the middle of a send fails in asyncio itself.
        attacker = await connect(f"{server.ws_url}/{room}", max_size=None)
        with pytest.raises(ConnectionClosed) as closed:
            await _send_and_listen(attacker, frame)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code
        assert closed.value.rcvd.reason
        await ben.type("after", 7)
        await ann.wait(text="before after")
        assert [(await person.status())["closes"] for person in (ann, ben)] == [[], []]


async def _send_and_listen(attacker: ClientConnection, frame: bytes | str) -> None:
    await attacker.send(frame)
    for _ in itertools.count():
        await attacker.recv()
