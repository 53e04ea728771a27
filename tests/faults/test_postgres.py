"""Rows 3, 6 and 7: Postgres hangs; connections to it die, it restarts, and a commit's outcome stays unknown."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from server.config import Settings
from stores.engine import Database
from stores.patience import Patience
from stores.tables import note_updates
from tests.faults.conftest import newcomer_text, note_url, until_seen
from tests.faults.postgres import FragilePostgres
from tests.faults.writer import Writer
from tests.server.conftest import quick, serving, until
from tests.server_process import ServerProcess

FROZEN_SECONDS = float(os.environ.get("ROUTA_FROZEN_SECONDS", "0"))
"""How long Postgres stays frozen after three transactions have been given up."""
KILLS = 20


def settings_for(url: str, **changes: object) -> Settings:
    return quick(database_url=url, db_timeout_seconds=1, db_pool_size=3, **changes)


@pytest.fixture
def url(fragile: FragilePostgres) -> str:
    return fragile.url(fragile.create(migrated=True))


@pytest.fixture
def given_up(monkeypatch: pytest.MonkeyPatch) -> list[Patience]:
    """One for each transaction that was given up because it took too long."""
    found: list[Patience] = []
    suspect = Patience.suspect

    def count(patience: Patience) -> None:
        found.append(patience)
        suspect(patience)

    monkeypatch.setattr(Patience, "suspect", count)
    return found


async def test_a_frozen_postgres_gets_no_acknowledgement_and_all_of_them_when_it_goes_on(
    fragile: FragilePostgres, url: str, given_up: list[Patience]
) -> None:
    async with serving(settings_for(url, max_backlog_bytes=20_000)) as here, Writer(note_url(here)) as ann:
        journal = here.service.hub.journal
        await ann.type("before ")
        await ann.until_acknowledged()
        fragile.freeze()
        await ann.type("during ")
        await until(lambda: not journal.available)
        await until(lambda: len(given_up) > 2)
        await asyncio.sleep(FROZEN_SECONDS)
        while ann.closed is None:
            await ann.type("a word of a few letters ")
            await asyncio.sleep(0)
        assert ann.closed[0] == 1013
        assert ann.acknowledged == "before "
        assert journal.backlog < 100_000
        assert not journal.available
        fragile.thaw()
        await until(lambda: journal.available and not journal.backlog, 30)
        await ann.connect_until_accepted()
        await until_seen(note_url(here), ann.text)


async def test_a_server_whose_postgres_is_frozen_stops_all_the_same_and_says_what_is_not_kept(
    fragile: FragilePostgres, url: str
) -> None:
    with ServerProcess({"DATABASE_URL": url}) as server:
        async with Writer(f"{server.ws_url}/default/n") as ann:
            await ann.type("before ")
            await ann.until_acknowledged()
            fragile.freeze()
            await ann.type("during ")
            assert await asyncio.to_thread(server.terminate, 30) == 0
            assert (await ann.until_closed())[0] == 1001
            assert ann.acknowledged == "before "
            assert "Stopped with 1 notes not committed" in server.stderr


async def test_who_waits_for_a_frozen_postgres_is_told_that_the_server_stops(
    fragile: FragilePostgres, url: str
) -> None:
    with ServerProcess({"DATABASE_URL": url}) as server:
        async with Writer(f"{server.ws_url}/default/n") as ann, httpx.AsyncClient(timeout=60) as client:
            await ann.type("before ")
            await ann.until_acknowledged()
            fragile.freeze()
            # One waits for the commit of an edit in an open note, the other for the database itself.
            body = {"operations": [{"op": "append", "text": "more"}]}
            edit = client.post(f"{server.url}/api/notes/default/n/edits", json=body)
            waiting = [asyncio.create_task(one) for one in (edit, client.get(f"{server.url}/api/workspaces"))]
            await ann.until(lambda: ann.text == "before more")
            assert await asyncio.to_thread(server.terminate, 30) == 0
            assert [(await one).status_code for one in waiting] == [503, 503]
        assert "Traceback" not in server.stderr


async def test_a_pool_of_connections_that_all_hang_does_not_hinder_the_recovery(
    fragile: FragilePostgres, url: str, given_up: list[Patience]
) -> None:
    """The frozen server never comes back to its old connections: new ones, to a healthy server, must do."""
    async with proxied(fragile, url) as proxy, serving(settings_for(proxy.url)) as here, Writer(note_url(here)) as ann:
        await ann.type("before ")
        await ann.until_acknowledged()
        await asyncio.gather(*(here.service.database.read_rows(select(func.now()), {}) for _ in range(3)))
        proxy.silence()
        await ann.type("after")
        await ann.until_acknowledged()
        assert len(given_up) == 1  # of three connections
        assert await newcomer_text(note_url(here)) == "before after"


async def test_connections_that_are_killed_all_the_time_lose_and_double_nothing(
    fragile: FragilePostgres, url: str
) -> None:
    async with serving(settings_for(url)) as here, Writer(note_url(here)) as ann:
        for number in range(KILLS):
            await ann.type(f"{number} ")
            await asyncio.to_thread(fragile.kill_connections)
            await ann.type(f"{number}+ ")
        await ann.until_acknowledged()
        assert await newcomer_text(note_url(here)) == ann.text == "".join(f"{n} {n}+ " for n in range(KILLS))


async def test_a_postgres_that_crashes_and_comes_back_finds_every_edit_waiting(
    fragile: FragilePostgres, url: str
) -> None:
    async with serving(settings_for(url)) as here, Writer(note_url(here)) as ann:
        await ann.type("before ")
        await ann.until_acknowledged()
        await asyncio.to_thread(fragile.stop)
        await ann.type("during ")
        await until(lambda: not here.service.hub.journal.available)
        await ann.answered()
        assert ann.acknowledged == "before "
        await asyncio.to_thread(fragile.start)
        await ann.until_acknowledged()
        assert here.service.hub.journal.available
        assert await newcomer_text(note_url(here)) == "before during "


async def test_a_commit_whose_answer_is_lost_is_made_again_and_has_the_effect_of_one(
    fragile: FragilePostgres, url: str
) -> None:
    async with proxied(fragile, url) as proxy, serving(settings_for(proxy.url)) as here, Writer(note_url(here)) as ann:
        await ann.type("once ")
        await ann.until_acknowledged()
        before = await rows(here.service.database)
        proxy.losing = b"twice "  # the statement that brings it commits it, too
        await ann.type("twice ")
        await ann.until_acknowledged()
        assert proxy.losing == b""
        assert await rows(here.service.database) == before + 2
        assert await newcomer_text(note_url(here)) == "once twice "


async def rows(database: Database) -> int:
    async with database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(note_updates))).scalar_one())


class Proxy:
    """Stands before Postgres, and loses what it is told to."""

    def __init__(self, socket: Path) -> None:
        self.url = ""
        self.losing = b""
        """The answer to the next message that holds this is lost, and the connection with it."""
        self.refusing = False
        self._socket = socket
        self._silent: set[asyncio.Task[None]] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    def silence(self) -> None:
        """Pass nothing on any more on the connections that there are; they stay open."""
        for pump in self._pumps:
            pump.cancel()

    def refuse(self) -> None:
        """End all connections and take no new ones, until ``refusing`` is False again."""
        self.refusing = True
        self.close()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes on a connection, both ways."""
        if self.refusing:
            writer.transport.abort()
            return
        there, back = await asyncio.open_unix_connection(self._socket)
        self._writers += [writer, back]
        for pump in (self._to_server(reader, back, writer), self._to_client(there, writer)):
            task = asyncio.create_task(pump)
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _to_server(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(65536):
            if self.losing and self.losing in data:
                self.losing = b""
                client.transport.abort()
            server.write(data)
        server.close()

    async def _to_client(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            client.write(data)
        client.close()

    def close(self) -> None:
        for pump in self._pumps:
            pump.cancel()
        for writer in self._writers:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def proxied(postgres: FragilePostgres, url: str) -> AsyncIterator[Proxy]:
    proxy = Proxy(postgres.socket)
    server = await asyncio.start_server(proxy.take, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    proxy.url = f"postgresql://postgres@127.0.0.1:{port}{url.partition('@')[2].partition('?')[0]}?sslmode=disable"
    try:
        yield proxy
    finally:
        proxy.close()
        server.close()
        await server.wait_closed()
