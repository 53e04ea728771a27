"""Row 17: what is stored of a note cannot be loaded. It is closed alone, and a repair brings back what can be read."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stores.notelog import NoteKey
from tests.crdt.typist import Typist
from tests.faults.people import CrashingServer, Writer, close_of, plant
from tests.postgres import Postgres

KEY = NoteKey("default", "damaged")
ROOM = "default/damaged"
# The second of this pair, on top of the first, ends the process.
FATAL = (
    bytes.fromhex("01020202a4020407636f6e74656e74850203046e756c6c02020105000100"),
    bytes.fromhex("010202040004c7030302030101020202040301050100"),
)


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


async def test_a_damaged_note_is_closed_alone_until_it_is_repaired(server: CrashingServer) -> None:
    server.kill9()
    typist = Typist(1)
    rows = [typist.type("one "), typist.type("two "), b"\x07garbage", typist.type("three ")]
    await plant(server, KEY, *rows)
    server.start()
    before = server.worker
    for _ in range(2):
        code, reason = await close_of(server, ROOM)
        assert (code, reason) == (
            4500,
            "What is stored of this note is damaged: it stays closed until somebody repairs it.",
        )
    assert server.stderr.count("routa-notes repair") == 1
    async with Writer(server.ws_url, "default/fine") as ann, httpx.AsyncClient(base_url=server.url) as client:
        await ann.insert("fine")
        await ann.wait(lambda: ann.acknowledged > 0)
        for path in ("/api/notes/default/damaged", "/api/notes/default/damaged/content"):
            answer = await client.get(path)
            assert (answer.status_code, answer.json()) == (503, {"error": reason})
        assert (await client.get("/readyz")).status_code == 200
        assert "routa_quarantined_notes 1.0" in (await client.get("/metrics")).text
    dry = server.command("repair", ROOM, "--dry-run").stdout
    assert "1 of 4 parts cannot be used" in dry
    assert "8 bytes" in dry
    assert (await close_of(server, ROOM))[0] == 4500
    assert "can be opened again" in server.command("repair", ROOM).stdout
    async with Writer(server.ws_url, ROOM) as ben:
        assert ben.text == "one two three "
    assert server.worker == before
    assert "dropped" in server.command("quarantine").stdout


async def test_rows_that_end_the_process_are_found_and_left_out(server: CrashingServer, tmp_path: Path) -> None:
    server.kill9()
    await plant(server, KEY, Typist(1).type("before "), *FATAL, Typist(9).type("after"))
    repaired = server.command("repair", ROOM)
    assert repaired.returncode == 0, repaired.stderr
    assert "of 4 parts cannot be used" in repaired.stdout
    server.start()
    async with Writer(server.ws_url, ROOM) as ann:
        assert "before " in ann.text
        assert "after" in ann.text
    listed = [line.split() for line in server.command("quarantine").stdout.splitlines()[1:]]
    exported = tmp_path / "row"
    assert server.command("quarantine", "--export", listed[0][0], str(exported)).returncode == 0
    assert exported.read_bytes() in FATAL


async def test_a_note_that_is_well_needs_no_repair_and_one_that_is_not_there_has_none(server: CrashingServer) -> None:
    async with Writer(server.ws_url, "default/fine") as ann:
        await ann.insert("fine")
        await ann.wait(lambda: ann.acknowledged > 0)
        assert "can be read" in server.command("repair", "default/fine").stdout
        missing = server.command("repair", "default/none")
        assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
        await ann.insert(" still")
        await ann.wait(lambda: ann.acknowledged >= 10)
