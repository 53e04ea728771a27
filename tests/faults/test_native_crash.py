"""Row 16: native code ends the process. Everybody else goes on, nothing acknowledged is lost, and it happens once."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from stores.notelog import NoteKey
from tests.crdt.typist import Typist
from tests.faults.people import CrashingServer, Writer, clocks, close_of, plant, until_dead
from tests.postgres import Postgres
from tests.server_process import PROJECT

ROOM = "default/crowded"


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CrashingServer]:
    if request.param == "sqlite":
        server = CrashingServer(data_dir=tmp_path / "data")
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        server = CrashingServer({"DATABASE_URL": postgres.url(postgres.create())})
    with server:
        yield server
        print(server.stderr)


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[CrashingServer]:
    with CrashingServer(data_dir=tmp_path / "data") as server:
        yield server
        print(server.stderr)


async def write_on(writer: Writer, name: str) -> None:
    """Write without end, also across a crash."""
    for number in range(100_000):
        with contextlib.suppress(Exception):
            await writer.insert(f"{name}{number} ", 0)
        if writer._reader.done():
            await writer.back()
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("word", ["*segv*", "*abort*", "*bus*"])
async def test_others_go_on_and_nothing_acknowledged_is_lost(server: CrashingServer, word: str) -> None:
    supervisor, before = server.pid, server.worker
    people = [Writer(server.ws_url, ROOM) for _ in range(3)]
    attacker = Writer(server.ws_url, ROOM)
    for person in (*people, attacker):
        await person.__aenter__()
    writing = [asyncio.create_task(write_on(person, name)) for person, name in zip(people, "abc", strict=True)]
    for person in people:
        await person.wait(lambda person=person: person.acknowledged > 50)  # type: ignore[misc]
    await attacker.insert(f"é{word}")  # no run of ASCII: it is applied by itself
    await attacker.gone()
    promised = {person.document.client_id: person.acknowledged for person in people}
    await server.wait_for_another(before)
    async with Writer(server.ws_url, ROOM) as newcomer:
        found = clocks(newcomer.document.get_state())
        assert {who: clock for who, clock in promised.items() if found.get(who, 0) < clock} == {}
        for person in people:
            await person.wait(lambda person=person: person.acknowledged > promised[person.document.client_id] + 20)  # type: ignore[misc]
        assert word not in newcomer.text
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    with contextlib.suppress(ConnectionClosed):
        await attacker.insert(" and more")  # what it sends when it comes back has other bytes
    assert (await attacker.return_to_be_refused())[0] == 1007
    assert server.pid == supervisor
    assert server.worker not in (None, before)
    listed = server.command("quarantine").stdout
    assert ROOM in listed
    assert "update" in listed
    assert "127.0.0.1" in listed
    assert listed.count(ROOM) == 1
    for person in (*people,):
        await person._socket.close()


async def test_what_is_put_in_with_what_others_typed_is_found_by_the_second_time(lone: CrashingServer) -> None:
    people = [Writer(lone.ws_url, ROOM) for _ in range(2)]
    attacker = Writer(lone.ws_url, ROOM)
    for person in (*people, attacker):
        await person.__aenter__()
    writing = [asyncio.create_task(write_on(person, name)) for person, name in zip(people, "ab", strict=True)]
    for person in people:
        await person.wait(lambda person=person: person.acknowledged > 50)  # type: ignore[misc]
    before = lone.worker
    await attacker.insert("*segv*")
    await attacker.gone()
    before = await lone.wait_for_another(before)
    code, _ = await attacker.return_to_be_refused()
    if code != 1007:
        await lone.wait_for_another(before)
        code, _ = await attacker.return_to_be_refused()
    assert code == 1007
    for task in writing:
        task.cancel()
    await asyncio.gather(*writing, return_exceptions=True)
    listed = lone.command("quarantine").stdout
    assert listed.count(ROOM) == listed.count("update") == 1
    for person in people:
        await person._socket.close()


async def test_what_hangs_in_native_code_is_killed_and_refused(lone: CrashingServer) -> None:
    before = lone.worker
    async with Writer(lone.ws_url, ROOM) as ann:
        await ann.insert("kept ")
        await ann.wait(lambda: ann.acknowledged > 0)
        attacker = Writer(lone.ws_url, ROOM)
        await attacker.__aenter__()
        await attacker.insert("*hang*")
        await attacker.gone()
    await lone.wait_for_another(before)
    assert (await attacker.return_to_be_refused())[0] == 1007
    async with Writer(lone.ws_url, ROOM) as ben:
        assert ben.text == "kept "
    assert "hung in native code" in lone.command("quarantine").stdout


async def test_a_row_that_ends_the_process_at_loading_closes_its_note_alone(lone: CrashingServer) -> None:
    await plant(lone, NoteKey("default", "crowded"), Typist(1).type("*segv*"))
    before = lone.worker
    with contextlib.suppress(Exception):
        await close_of(lone, ROOM)
    await lone.wait_for_another(before)
    code, reason = await close_of(lone, ROOM)
    assert (code, "damaged" in reason) == (4500, True)
    async with Writer(lone.ws_url, "default/other") as ann:
        await ann.insert("fine")
        await ann.wait(lambda: ann.acknowledged > 0)
    async with httpx.AsyncClient(base_url=lone.url) as client:
        assert (await client.get("/api/notes/default/crowded")).status_code == 503
        assert (await client.get("/api/notes/default/crowded/content")).status_code == 503
        assert (await client.get("/api/notes?workspaceId=default")).status_code == 200
        assert (await client.get("/readyz")).status_code == 200
        assert "routa_quarantined_notes 1.0" in (await client.get("/metrics")).text
        assert "routa_restarts_total 1.0" in (await client.get("/metrics")).text
    assert "note" in lone.command("quarantine").stdout


async def test_a_killed_server_is_started_again_and_nothing_is_blamed(lone: CrashingServer) -> None:
    before = lone.worker
    assert before is not None
    async with Writer(lone.ws_url, ROOM) as ann:
        await ann.insert("kept")
        await ann.wait(lambda: ann.acknowledged > 0)
        os.kill(before, signal.SIGKILL)
        await ann.gone()
        await ann.back()
        assert ann.text == "kept"
    assert "Nothing is in quarantine" in lone.command("quarantine").stdout
    assert "was ended by SIGKILL" in lone.stderr
    assert lone.terminate() == 0


async def test_the_server_ends_with_its_supervisor(lone: CrashingServer) -> None:
    worker = lone.worker
    os.kill(lone.pid, signal.SIGKILL)
    await until_dead(worker)


async def test_a_client_that_comes_while_nobody_serves_waits_in_the_backlog(lone: CrashingServer) -> None:
    worker = lone.worker
    assert worker is not None
    os.kill(worker, signal.SIGKILL)
    async with httpx.AsyncClient(base_url=lone.url, timeout=30) as client:
        assert (await client.get("/livez")).status_code == 200  # no connection is refused


def test_a_server_that_cannot_start_says_so_once_and_is_not_started_again(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "server.cli", "serve", "--port", "0"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT), "ROUTA_DB_DRIVER": "sqlite", "ROUTA_DB_PATH": "/proc/none/notes.db"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "cannot be made" in refused.stderr
