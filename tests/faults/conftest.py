"""What the tests of faults share."""

import asyncio
from collections.abc import Iterator

import pytest

from server import journal
from tests.faults.postgres import FragilePostgres
from tests.faults.writer import Writer
from tests.server.conftest import Here


@pytest.fixture(scope="module")
def running_fragile() -> Iterator[FragilePostgres]:
    """A Postgres for the tests of one file."""
    with FragilePostgres() as server:
        yield server


@pytest.fixture
def fragile(running_fragile: FragilePostgres) -> Iterator[FragilePostgres]:
    """A Postgres that a test may freeze; it is thawed at the end."""
    yield running_fragile
    running_fragile.thaw()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit without an answer counts as failed soon."""
    monkeypatch.setattr(journal, "SLOW", 0.2)


def note_url(here: Here, note: str = "default/n") -> str:
    """The address of a note."""
    return f"ws://127.0.0.1:{here.port}/ws/{note}"


async def newcomer_text(url: str) -> str:
    """What somebody sees who opens a note."""
    async with Writer(url) as newcomer:
        return newcomer.text


async def until_seen(url: str, text: str) -> None:
    """Wait until somebody who opens a note sees this text."""
    async with asyncio.timeout(60):
        while await newcomer_text(url) != text:
            await asyncio.sleep(0.05)
