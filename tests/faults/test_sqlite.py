"""Rows 9 and 10: a SQLite file that is busy, full or read-only, or was deleted underneath."""

import asyncio
import resource
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from server import journal
from server.config import Settings
from server.hub import Hub
from tests.faults.conftest import newcomer_text, note_url, until_seen
from tests.faults.writer import Writer
from tests.server.conftest import Here, quick, serving, until
from tests.server_process import ServerProcess
from tests.stores.test_engine import HOLDER

LARGE = "x" * 100_000
KINDS = {
    "full": ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "make room on the disk"),
    "read-only": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", "let the server's user write"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "notes.db"


@pytest.fixture
async def here(path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Here]:
    target = Settings.target
    monkeypatch.setattr(Settings, "target", lambda self: replace(target(self), busy_timeout=0.1))
    async with serving(quick(db_driver="sqlite", db_path=path, max_backlog_bytes=1_000_000)) as started:
        yield started


@pytest.fixture
async def ann(here: Here) -> AsyncIterator[Writer]:
    """Somebody whose first edit is kept."""
    async with Writer(note_url(here)) as writer:
        await writer.type("before ")
        await writer.until_acknowledged()
        yield writer


async def refused(hub: Hub, ann: Writer) -> None:
    """Wait until the server knows that edits are not kept; nobody was told that they are."""
    await until(lambda: not hub.journal.available, 30)
    await ann.answered()
    assert ann.acknowledged == "before "


async def test_while_another_process_writes_edits_are_delayed_and_not_lost(
    here: Here, ann: Writer, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(journal, "SLOW", 60)  # what is seen is SQLite's own answer
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(path), stdin=pipe, stdout=pipe)
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    await ann.type("during ")
    await refused(here.service.hub, ann)
    assert "another process is writing to it" in caplog.text
    await holder.communicate(b"\n")
    await ann.until_acknowledged()
    assert here.service.hub.journal.available
    assert await newcomer_text(note_url(here)) == "before during "


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_that_takes_nothing_gets_no_acknowledgement_until_it_does(
    here: Here, ann: Writer, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    spoil, mend, sentence = KINDS[kind]
    await pragma(here, spoil)
    await ann.type(LARGE)
    await refused(here.service.hub, ann)
    await until(lambda: sentence in caplog.text)
    while ann.closed is None:
        await ann.type(LARGE)
        await asyncio.sleep(0)
    assert ann.closed[0] == 1013
    assert here.service.hub.journal.backlog < 3_000_000
    await pragma(here, mend)
    await until(lambda: here.service.hub.journal.available and not here.service.hub.journal.backlog)
    await ann.connect_until_accepted()
    await until_seen(note_url(here), ann.text)


async def pragma(here: Here, statement: str) -> None:
    """Run a pragma on the connection that writes, whatever state it is in."""
    engine = here.service.database._writer.engine
    async with engine.connect() as connection:
        await connection.execute(text(statement))


async def test_a_disk_that_fills_up_under_a_process_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with ServerProcess(data_dir=tmp_path) as server:
        url = f"{server.ws_url}/default/n"
        async with Writer(url) as ann:
            await ann.type("before ")
            await ann.until_acknowledged()
            writing = server.worker or server.pid  # beside the supervisor
            _, hard = resource.prlimit(writing, resource.RLIMIT_FSIZE)
            resource.prlimit(writing, resource.RLIMIT_FSIZE, (300_000, hard))
            await ann.type(4 * LARGE)
            await until(lambda: "Edits are not being acknowledged" in server.stderr, 30)
            await ann.answered()
            assert ann.acknowledged == "before "
            resource.prlimit(writing, resource.RLIMIT_FSIZE, (hard, hard))
            await ann.until_acknowledged()
            server.restart()
            assert await newcomer_text(url) == ann.text


async def test_a_file_that_was_moved_away_takes_no_edit_until_it_is_back(
    here: Here, ann: Writer, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    away = await asyncio.to_thread(path.rename, path.parent / "away")
    await ann.type("during ")
    await refused(here.service.hub, ann)
    assert "was deleted, moved or replaced while the server uses it" in caplog.text
    await asyncio.to_thread(away.rename, path)
    await ann.until_acknowledged()
    assert await newcomer_text(note_url(here)) == "before during "


@pytest.mark.parametrize("suffix", ["", "-wal"])
async def test_into_a_file_that_was_deleted_nothing_is_acknowledged(
    here: Here, ann: Writer, path: Path, suffix: str
) -> None:
    path.with_name(path.name + suffix).unlink()
    await ann.type("during ")
    await refused(here.service.hub, ann)


async def test_a_file_that_was_replaced_is_not_written_and_a_new_start_uses_it(
    here: Here, ann: Writer, path: Path
) -> None:
    replaced = path.with_name("backup.db")
    with closing(sqlite3.connect(path)) as link, closing(sqlite3.connect(replaced)) as copy:
        link.backup(copy)
    replaced.rename(path)
    await ann.type("during ")
    await refused(here.service.hub, ann)
    async with serving(quick(db_driver="sqlite", db_path=path)) as again:
        await ann.leave()
        ann.url = note_url(again)
        await ann.connect()
        await until_seen(note_url(again), "before during ")
