"""Row 8: behind PgBouncer in transaction mode, with fewer connections to Postgres than the servers hold to it."""

import asyncio
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from stores.backup import backup
from stores.target import choose
from tests.faults.conftest import note_url, until_seen
from tests.faults.missing import program
from tests.faults.postgres import FragilePostgres
from tests.faults.writer import Writer
from tests.server.conftest import quick, serving, until

SERVER_CONNECTIONS = 2


@pytest.fixture
def pooled(fragile: FragilePostgres, unused_tcp_port: int, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database behind a PgBouncer."""
    bouncer = program("pgbouncer", "pgbouncer")
    name = fragile.create()
    settings = tmp_path / "pgbouncer.ini"
    settings.write_text(f"""
[databases]
* = host={fragile.socket.parent} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {unused_tcp_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {SERVER_CONNECTIONS}
server_round_robin = 1
""")
    command = [bouncer, str(settings)]
    if os.getuid() == 0:
        for folder in (tmp_path, *list(tmp_path.parents)[:2]):
            folder.chmod(0o755)
        command += ["--user", fragile.user]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        _await_port(unused_tcp_port, process)
        yield f"postgresql://postgres@127.0.0.1:{unused_tcp_port}/{name}?sslmode=disable&pgbouncer=true"
    finally:
        process.terminate()
        process.communicate()


def _await_port(port: int, process: "subprocess.Popen[str]") -> None:
    while process.poll() is None:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError(f"pgbouncer ended: {process.communicate()[1]}")


async def test_everything_works_with_connections_that_change_with_each_transaction(
    pooled: str, fragile: FragilePostgres, tmp_path: Path
) -> None:
    settings = quick(database_url=pooled, compact_updates=5, room_idle_seconds=0)
    async with serving(settings) as one, serving(settings) as other:
        urls = [note_url(here, f"default/n{number}") for here in (one, other) for number in range(4)]
        writers = [Writer(url if number < 4 else f"{url}b") for number, url in enumerate(urls)]
        await asyncio.gather(*(writer.connect() for writer in writers))
        for number in range(20):
            await asyncio.gather(*(writer.type(f"{number} ") for writer in writers))
            async with one.client() as client:
                assert (await client.get("/api/notes?workspaceId=default")).status_code == 200
        await asyncio.gather(*(writer.until_acknowledged() for writer in writers))
        await asyncio.gather(*(writer.leave() for writer in writers))
        await until(lambda: not one.service.hub.open_notes() and not other.service.hub.open_notes())
        for writer in writers:
            await until_seen(writer.url, writer.text)
        await backup(choose(database_url=pooled, driver=None, path=None, data_dir=None), tmp_path / "b.db", silent)
        assert await connections(fragile, pooled) <= SERVER_CONNECTIONS


def silent(table: str, done: int, total: int) -> None:
    """Tell nobody."""


async def connections(postgres: FragilePostgres, pooled: str) -> int:
    """How many connections the servers have to the database behind the pooler, all together."""
    name = pooled.rpartition("/")[2].partition("?")[0]
    admin = await asyncpg.connect(postgres.url("postgres"))
    try:
        return int(await admin.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", name))
    finally:
        await admin.close()
