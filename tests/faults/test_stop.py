"""Rows 1 and 3: the server is stopped, or killed, again and again while people type.

Kill loops with unmodified JavaScript clients are in ``tests/interop/test_kill.py``; here notes are compacted and put
away all the time while the server is killed.
"""

import asyncio
import os
from pathlib import Path

import pytest

from tests.faults.conftest import newcomer_text
from tests.faults.writer import Writer
from tests.postgres import Postgres
from tests.server_process import ServerProcess

ROUNDS = int(os.environ.get("ROUTA_KILL_ROUNDS", "5"))
NOTES = ["default/a", "default/b"]


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> ServerProcess:
    environment = {"ROUTA_COMPACT_UPDATES": "5", "ROUTA_ROOM_IDLE_SECONDS": "0.01"}
    if request.param == "sqlite":
        return ServerProcess(environment, data_dir=tmp_path)
    postgres: Postgres = request.getfixturevalue("postgres")
    return ServerProcess(environment | {"DATABASE_URL": postgres.url(postgres.create(migrated=True))})


async def type_on(writer: Writer) -> None:
    number = 0
    while writer.closed is None:
        await writer.type(f"{number} ")
        number += 1
        await asyncio.sleep(0.001)


async def round_of(server: ServerProcess, *, kill: bool) -> list[Writer]:
    """Let somebody type in each note, end the server in the midst of it, and give who typed."""
    writers = [Writer(f"{server.ws_url}/{note}") for note in NOTES]
    for writer in writers:
        await writer.connect()
    typing = [asyncio.create_task(type_on(writer)) for writer in writers]
    for writer in writers:
        start = len(writer.acknowledged)
        await writer.until(lambda who=writer, size=start: len(who.acknowledged) > size + 100)  # type: ignore[misc]
    if kill:
        server.kill9()
    else:
        assert await asyncio.to_thread(server.terminate, 10) == 0
    await asyncio.gather(*typing)
    for writer in writers:
        await writer.leave()
    return writers


@pytest.mark.timeout(60 + 20 * ROUNDS)
@pytest.mark.parametrize("kill", [False, True], ids=["SIGTERM", "SIGKILL"])
async def test_a_server_that_ends_under_load_keeps_what_it_acknowledged(server: ServerProcess, kill: bool) -> None:
    acknowledged = 0
    with server:
        for _ in range(ROUNDS):
            writers = await round_of(server, kill=kill)
            if not kill:
                assert {writer.closed and writer.closed[0] for writer in writers} == {1001}
            server.restart()
            for writer in writers:
                kept = await newcomer_text(writer.url)
                assert kept.startswith(writer.acknowledged)
                acknowledged += len(writer.acknowledged.split())
    print(f"{ROUNDS} rounds, {acknowledged} words acknowledged, none lost")
