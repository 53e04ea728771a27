"""Rows 19 to 21: one list of scenarios for both protocols: unmodified providers, tokens, one note."""

import asyncio
import contextlib
from collections.abc import Iterator

import httpx
import pytest

from server.access import Access
from tests.interop.database import Store
from tests.interop.guarded import (
    EVERY_PROVIDER,
    HOCUSPOCUS,
    Y_WEBSOCKET,
    all_see,
    guarded_server,
    made,
    people,
    person,
    routa_notes,
    token,
)
from tests.interop.javascript import HocuspocusClient, JavaScriptClient
from tests.interop.node import NodeProcess
from tests.server_process import ServerProcess

pytestmark = pytest.mark.asyncio(loop_scope="session")
on_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True, scope="session")
on_both = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True, scope="session")
each = pytest.mark.parametrize("provider", EVERY_PROVIDER)
each_hocuspocus = pytest.mark.parametrize("provider", HOCUSPOCUS)
MEBIBYTE = 2**20
WITHIN = 5.0
"""Seconds that a token may still work after it was taken back: waits end with it."""


@pytest.fixture(scope="module")
def shared_guarded(store: Store) -> Iterator[ServerProcess]:
    with guarded_server(store, {"ROUTA_MAX_MESSAGE_BYTES": str(MEBIBYTE)}) as server:
        yield server


@pytest.fixture
def server(shared_guarded: ServerProcess) -> Iterator[ServerProcess]:
    """The server, running; what it writes to standard error is part of a failing test's report."""
    if not shared_guarded.running:
        shared_guarded.restart()
    yield shared_guarded
    print(shared_guarded.new_stderr())
    assert shared_guarded.running


@pytest.fixture
def writing(note: str) -> str:
    """A token to write in the note."""
    return token(Access.WRITE, note)


@pytest.fixture
def reading(note: str) -> str:
    """A token to read it."""
    return token(Access.READ, note)


@on_sqlite
async def test_everybody_writes_one_note(server: ServerProcess, node: NodeProcess, room: str, writing: str) -> None:
    async with people(node, server, room, token=writing) as everybody:
        await asyncio.gather(*(one.type(f"{number}😀 " * 20) for number, one in enumerate(everybody)))
        clocks = {one.client_id: (await one.status())["clock"] for one in everybody}
        await asyncio.gather(*(one.wait(stateVector=clocks) for one in everybody))
        text = await everybody[0].text()
        assert sorted(text) == sorted("".join(f"{number}😀 " * 20 for number in range(5)))
        await all_see(everybody, text)


@on_sqlite
async def test_names_are_seen_on_all_sides_until_their_owner_leaves(
    server: ServerProcess, node: NodeProcess, room: str, writing: str
) -> None:
    async with people(node, server, room, token=writing) as everybody:
        names = [f"Person {number}" for number in range(5)]
        for one, name in zip(everybody, names, strict=True):
            await one.set_awareness({"user": {"name": name}})
        await asyncio.gather(*(one.wait(people=names) for one in everybody))
        async with people(node, server, room, token=writing) as later:  # they hear of who is here already
            await asyncio.gather(*(one.wait(people=names) for one in later))
        for left in range(1, 5):
            await everybody[left - 1].disconnect()
            await asyncio.gather(*(one.wait(people=names[left:]) for one in everybody[left:]))


@each
@on_sqlite
async def test_a_reader_reads(server: ServerProcess, node: NodeProcess, room: str, writing: str, provider: str) -> None:
    reading = token(Access.READ, room.partition("/")[2])
    async with (
        people(node, server, room, ["hocuspocus 4", "y-websocket 3"], token=writing) as writers,
        person(node, server, provider, room, token=reading) as reader,
    ):
        await writers[0].insert("written, ")
        await reader.wait(text="written, ")
        await reader.set_awareness({"user": {"name": "Reader"}})
        await asyncio.gather(*(one.wait(people=["Reader"]) for one in writers))
        await reader.insert("by the reader")
        await _refused(reader, provider)
        await writers[1].insert("more", 0)
        await reader.wait(contains="more")
        await all_see(writers, "morewritten, ")


async def _come_back(one: JavaScriptClient, provider: str) -> None:
    """Connect again; version 1.5 does so by itself, version 3 not after a code from 4400 to 4499."""
    if provider == "y-websocket 3":
        await one.reconnect()


async def _refused(reader: JavaScriptClient, provider: str) -> None:
    """Wait until a reader was told that it may not write: each change, or once and closed with y-websocket."""
    if provider in Y_WEBSOCKET:
        await reader.wait(denied=1, closes=1, connected=False)
        await _come_back(reader, provider)
        await reader.wait(denied=2, connections=2, synced=True)  # it brings its words again, and is told, not closed
        assert [close["code"] for close in (await reader.status())["closes"]] == [4403]
    else:
        await reader.wait(refused=1, saved=False)
        status = await reader.status()
        assert (status["scope"], status["closes"]) == ("readonly", [])


@on_sqlite
async def test_a_token_in_a_subprotocol(server: ServerProcess, node: NodeProcess, room: str, writing: str) -> None:
    async with person(node, server, "y-websocket 3", room, token=writing, subprotocols=True) as ann:
        await ann.insert("let in")
        await ann.wait(saved=True)


@each_hocuspocus
@on_sqlite
async def test_a_wrong_token_and_then_the_right_one_on_the_same_socket(
    server: ServerProcess, node: NodeProcess, room: str, writing: str, provider: str
) -> None:
    wrong = token(Access.WRITE, "another")
    async with (
        person(node, server, "y-websocket 3", room, token=writing) as other,
        person(node, server, provider, room, token=wrong, synced=False) as ann,
    ):
        await other.insert("there before, ")
        await ann.wait(denied=1)
        assert room in (await ann.status())["denied"][0]
        await ann.insert("typed meanwhile, ")
        await ann.renew("not a token")
        await ann.wait(denied=2)
        await ann.renew(writing)
        await ann.wait(synced=True, saved=True, contains="there before, ")
        await other.wait(contains="typed meanwhile, ")
        await ann.insert("and goes on")
        await other.wait(contains="and goes on")
        status = await ann.status()
        assert (status["connections"], status["closes"]) == (1, [])


@pytest.mark.parametrize("provider", Y_WEBSOCKET)
@pytest.mark.parametrize("wrong", [("", 401), ("not a token", 401), ("of another note", 403)], ids=str)
@on_sqlite
async def test_a_wrong_token_at_the_handshake_and_then_the_right_one(
    server: ServerProcess, node: NodeProcess, room: str, writing: str, provider: str, wrong: tuple[str, int]
) -> None:
    words, answer = wrong
    shown = token(Access.WRITE, "another") if words == "of another note" else words
    async with person(node, server, provider, room, token=shown, synced=False) as ann:
        await ann.insert("typed meanwhile")
        await ann.wait(errors=1)
        assert (await ann.status())["errors"][0] == f"Unexpected server response: {answer}"
        await ann.renew(writing)
        await ann.wait(saved=True)
        async with person(node, server, "hocuspocus 3", room, token=writing) as ben:
            assert await ben.text() == "typed meanwhile"


async def _ended(one: JavaScriptClient, provider: str, seconds: float = 10) -> None:
    """Wait until somebody who was connected is let in no more."""
    if provider in HOCUSPOCUS:
        await one.wait(seconds, denied=1)
    else:
        await one.wait(seconds, denied=1, closes=1, connected=False)
        await _come_back(one, provider)
        await one.wait(errors=1)
        status = await one.status()
        assert status["closes"][0]["code"] == 4401
        assert status["errors"][0] == "Unexpected server response: 401"


@on_sqlite
async def test_a_token_expires_in_mid_session(server: ServerProcess, node: NodeProcess, note: str, room: str) -> None:
    async with people(node, server, room, token=token(Access.WRITE, note, seconds=4)) as everybody:
        await everybody[0].insert("in time")
        await all_see(everybody, "in time")
        await asyncio.gather(*map(_ended, everybody, EVERY_PROVIDER))
        reasons = [(await one.status())["denied"][0] for one in everybody]
        assert all("expired" in reason for reason in reasons)
        await everybody[2].insert("too late, ", 0)
        async with person(node, server, "y-websocket 3", room, token=token(Access.READ, note)) as reader:
            assert await reader.text() == "in time"


@pytest.mark.parametrize("provider", ["hocuspocus 3", "hocuspocus 4"])
@on_sqlite
async def test_a_token_is_renewed_in_band(
    server: ServerProcess, node: NodeProcess, note: str, room: str, provider: str
) -> None:
    short, long = token(Access.WRITE, note, seconds=4), token(Access.WRITE, note)
    async with (
        person(node, server, provider, room, tokens=[short, long]) as ann,
        person(node, server, provider, room, token=short) as ben,  # has no other one, and shows when the first ends
    ):
        await ann.wait(asked=1)
        await ben.wait(denied=1)
        await ann.insert("goes on")
        await ann.wait(saved=True)
        status = await ann.status()
        assert (status["denied"], status["closes"], status["connections"]) == ([], [], 1)


@on_both
async def test_a_token_is_taken_back_in_mid_session_on_every_server(
    server: ServerProcess, node: NodeProcess, store: Store, note: str, room: str
) -> None:
    taken, stays = made(Access.WRITE, note), token(Access.WRITE, note)
    with guarded_server(store) as second:
        async with (
            people(node, server, room, token=taken.token) as here,
            people(node, second, room, token=taken.token) as there,
            person(node, server, "hocuspocus 4", room, token=stays) as other,
        ):
            await routa_notes(server, "revoke", taken.id)
            everybody = zip([*here, *there], EVERY_PROVIDER * 2, strict=True)
            await asyncio.gather(*(_ended(one, provider, WITHIN) for one, provider in everybody))
            await here[0].insert("not any more")
            await here[0].disconnect()
            await other.insert("untouched")
            await other.wait(saved=True, text="untouched")


@on_sqlite
async def test_a_token_is_taken_back_over_http(server: ServerProcess, node: NodeProcess, note: str, room: str) -> None:
    taken = token(Access.WRITE, note)
    async with people(node, server, room, token=taken) as everybody, httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.post("/api/tokens/revoke", json={"token": taken}, headers=_bearer(taken))
        assert answer.status_code == 200
        await asyncio.gather(*(_ended(one, by, WITHIN) for one, by in zip(everybody, EVERY_PROVIDER, strict=True)))
        assert (await http.get("/api/identity", headers=_bearer(taken))).status_code == 401


def _bearer(shown: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {shown}"}


@on_both
async def test_a_writer_becomes_a_reader_in_mid_session(
    server: ServerProcess, node: NodeProcess, note: str, room: str, reading: str
) -> None:
    demoted = made(Access.WRITE, note)
    async with (
        people(node, server, room, token=demoted.token) as everybody,
        person(node, server, "hocuspocus 4", room, token=reading) as reader,
    ):
        await everybody[0].insert("before")
        await all_see(everybody, "before")
        await routa_notes(server, "revoke", "--read-only", demoted.id)
        # Version 2 keeps the first scope that it heard; a y-websocket client hears nothing before it writes.
        await asyncio.gather(*(one.wait(WITHIN, scope="readonly") for one in everybody[:3]))
        for one, provider in zip(everybody, EVERY_PROVIDER, strict=True):
            await one.insert("after", 0)
            await _refused(one, provider)
        assert await reader.text() == "before"


@each_hocuspocus
@on_sqlite
async def test_two_documents_on_one_socket_with_different_rights(
    server: ServerProcess, node: NodeProcess, note: str, room: str, writing: str, provider: str
) -> None:
    version = provider.partition(" ")[2]
    other = f"{room}-other"
    reads_other = token(Access.READ, f"{note}-other")
    async with (
        person(node, server, "y-websocket 3", other, token=token(Access.WRITE, f"{note}-other")) as owner,
        HocuspocusClient(node, server.hocuspocus_url, room, version=version, token=writing) as mine,
        HocuspocusClient(node, server.hocuspocus_url, other, version=version, token=reads_other, beside=mine) as theirs,
    ):
        await owner.insert("theirs")
        await theirs.wait(text="theirs")
        await theirs.insert("no ", 0)
        await theirs.wait(refused=1)
        await mine.insert("mine")
        await mine.wait(saved=True)
        assert (await mine.status())["connections"] == 1
        assert await owner.text() == "theirs"
        async with HocuspocusClient(
            node, server.hocuspocus_url, f"{room}-third", version=version, token=writing, beside=mine, synced=False
        ) as denied:
            await denied.wait(denied=1)
            await mine.insert(" still")
            await mine.wait(saved=True)


@on_sqlite
async def test_the_same_document_twice_on_one_socket(
    server: ServerProcess, node: NodeProcess, room: str, reading: str, writing: str
) -> None:
    url = server.hocuspocus_url
    async with (
        HocuspocusClient(node, url, room, sessionAwareness=True, token=writing) as ann,
        HocuspocusClient(node, url, room, sessionAwareness=True, token=reading, beside=ann) as ben,
    ):
        await ann.set_awareness({"user": {"name": "Ann"}})
        await ben.set_awareness({"user": {"name": "Ben"}})
        await asyncio.gather(*(one.wait(people=["Ann", "Ben"]) for one in (ann, ben)))
        await ann.insert("hers")
        await ben.wait(text="hers")
        await ben.insert("his", 0)
        await ben.wait(refused=1, saved=False)
        await ann.wait(saved=True, text="hers")
        assert (await ann.status())["scope"] == "read-write"


@each
@on_sqlite
async def test_what_is_too_large_is_refused_and_nobody_else_notices(
    server: ServerProcess, node: NodeProcess, room: str, writing: str, provider: str
) -> None:
    async with (
        people(node, server, room, ["hocuspocus 4", "y-websocket 3"], token=writing) as others,
        person(node, server, provider, room, token=writing) as ann,
    ):
        await ann.insert("x" * (MEBIBYTE + 1))
        await ann.wait(closes=1)
        assert (await ann.status())["closes"][0]["code"] == 1009
        await ann.disconnect()
        await others[0].insert("unhurt")
        await all_see(others, "unhurt")
        assert [(await one.status())["closes"] for one in others] == [[], []]


@on_both
async def test_everybody_goes_on_after_a_restart(
    server: ServerProcess, node: NodeProcess, room: str, writing: str
) -> None:
    async with people(node, server, room, token=writing) as everybody:
        await everybody[0].insert("before, ")
        await all_see(everybody, "before, ")
        server.kill9()
        await asyncio.gather(*(one.wait(connected=False) for one in everybody))
        await everybody[1].insert("meanwhile, ")
        await everybody[4].insert("meanwhile, ")
        server.restart()
        await asyncio.gather(*(one.wait(20, synced=True) for one in everybody))
        await all_see(everybody, "before, meanwhile, meanwhile, ")
        await everybody[2].insert("after")
        await all_see(everybody, "before, meanwhile, meanwhile, after")


@on_sqlite
async def test_stateless_messages_reach_the_other_hocuspocus_clients(
    server: ServerProcess, node: NodeProcess, room: str, writing: str, reading: str
) -> None:
    async with people(node, server, room, token=writing) as everybody, contextlib.AsyncExitStack() as stack:
        readers = [
            await stack.enter_async_context(person(node, server, provider, room, token=reading))
            for provider in HOCUSPOCUS
        ]
        for one, reader in zip(everybody, readers, strict=False):
            assert isinstance(one, HocuspocusClient)
            assert isinstance(reader, HocuspocusClient)
            await reader.send_stateless("from a reader")
            await one.send_stateless(f"from {one.name} 😀")
            heard = [other for other in (*everybody[:3], *readers) if other is not one]
            await asyncio.gather(*(other.wait(stateless=f"from {one.name} 😀") for other in heard))
            received = [word for other in heard for word in (await other.status())["stateless"]]
            assert "from a reader" not in received


@each_hocuspocus
@on_sqlite
async def test_a_denied_document_is_left_and_opened_again(
    server: ServerProcess, node: NodeProcess, room: str, writing: str, provider: str
) -> None:
    url, version = server.hocuspocus_url, provider.partition(" ")[2]
    tokens = ["wrong", writing]
    async with (
        HocuspocusClient(node, url, f"{room}-other", version=version, token=token(Access.WRITE)) as beside,
        HocuspocusClient(node, url, room, version=version, tokens=tokens, beside=beside, synced=False) as ann,
    ):
        await ann.wait(denied=1)
        await ann.insert("offline, ")
        await ann.reattach()
        await ann.wait(synced=True, saved=True)
        await ann.reattach()
        await ann.insert("again")
        await ann.wait(saved=True)
        async with person(node, server, "y-websocket 1.5", room, token=writing) as ben:
            assert await ben.text() == "offline, again"
        assert (await beside.status())["closes"] == []
