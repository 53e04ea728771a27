"""Row 29: a backup is taken while people type, the store is destroyed, and the backup is put into a new one."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.config import Settings
from server.livenotes import LiveNotes
from server.loader import document_of
from stores.backup import backup, restore
from stores.engine import Database
from stores.notelog import NoteKey, NoteLog
from stores.tables import note_updates
from stores.target import Driver, Target, choose
from tests.conftest import migrated_target
from tests.faults.conftest import newcomer_text, note_url, until_seen
from tests.faults.writer import Writer
from tests.server.conftest import Here, serving, settings_for

NOTES = [f"default/n{number}" for number in range(4)]
PAIRS = [(source, target) for source in (Driver.SQLITE, Driver.POSTGRES) for target in (Driver.SQLITE, Driver.POSTGRES)]


@dataclass
class Drill:
    """A store that is lost, and one that takes its place."""

    lost: Target
    settings: Settings
    new: Target
    file: Path


@pytest.fixture(params=PAIRS, ids=lambda pair: f"{pair[0]}-to-{pair[1]}")
def drill(request: pytest.FixtureRequest, tmp_path: Path) -> Drill:
    source, destination = request.param
    lost = migrated_target(source, request)
    new = another(destination, request, tmp_path)
    return Drill(lost, settings_for(lost).model_copy(update={"compact_updates": 100_000}), new, tmp_path / "backup.db")


def another(driver: Driver, request: pytest.FixtureRequest, folder: Path) -> Target:
    """An empty store."""
    if driver is Driver.SQLITE:
        return choose(database_url=None, driver="sqlite", path=folder / "new" / "notes.db", data_dir=None)
    postgres = request.getfixturevalue("postgres")
    return choose(database_url=postgres.url(postgres.create()), driver=None, path=None, data_dir=None)


def silent(table: str, done: int, total: int) -> None:
    """Tell nobody."""


async def hashes(target: Target) -> dict[NoteKey, str]:
    """The SHA-256 of the state of each note that is stored."""
    database = await Database.open(target)
    try:
        log = NoteLog(database)
        keys = [NoteKey(*note.split("/")) for note in NOTES]
        found = [(key, document_of(await log.read(key)).encode()) for key in keys]
        return {key: hashlib.sha256(state).hexdigest() for key, state in found}
    finally:
        await database.close()


@contextlib.asynccontextmanager
async def typing(here: Here) -> AsyncIterator[list[Writer]]:
    """People who type in every note until the end of the block."""
    async with contextlib.AsyncExitStack() as stack:
        writers = [await stack.enter_async_context(Writer(note_url(here, note))) for note in NOTES]
        stopping = asyncio.Event()
        work = asyncio.gather(*(_type(writer, stopping) for writer in writers))
        for writer in writers:
            await writer.until(lambda who=writer: len(who.acknowledged) > 500)  # type: ignore[misc]
        try:
            yield writers
        finally:
            stopping.set()
            await work


async def _type(writer: Writer, stopping: asyncio.Event) -> None:
    number = 0
    while not stopping.is_set():
        await writer.type(f"{number} ")
        number += 1
        await writer.until_acknowledged()


async def test_backup_under_load_destroy_restore_and_the_newer_clients_merge_once(drill: Drill) -> None:
    async with serving(drill.settings) as here:
        for note in NOTES:
            async with Writer(note_url(here, note)) as first:
                await first.type("start ")
                await first.until_acknowledged()
    # What was typed so far is in snapshots now; what follows is in the log.
    async with serving(drill.settings) as here, typing(here) as writers:
        held = {writer.url: writer.acknowledged for writer in writers}
        await backup(drill.lost, drill.file, silent)
        for writer in writers:
            more = len(writer.acknowledged) + 100
            await writer.until(lambda who=writer, size=more: len(who.acknowledged) > size)  # type: ignore[misc]
    kept = await hashes(Target(Driver.SQLITE, "the backup", path=_copy(drill.file)))
    await restore(drill.file, drill.new, silent)
    assert await hashes(drill.new) == kept
    async with serving(settings_for(drill.new)) as again:
        for note, writer in zip(NOTES, writers, strict=True):
            restored = await newcomer_text(note_url(again, note))
            assert restored.startswith(held[writer.url])
            assert len(restored) < len(writer.text)
            writer.url = note_url(again, note)
            await writer.connect()
            await until_seen(writer.url, writer.text)
            await writer.leave()
            typed = writer.text.split()
            assert typed == ["start", *(str(number) for number in range(len(typed) - 1))]


def _copy(file: Path) -> Path:
    """A backup is not to be opened itself: that would change it."""
    copied = file.with_suffix(".copy")
    copied.write_bytes(file.read_bytes())
    return copied


async def test_a_note_that_was_deleted_and_made_again_is_still_that_after_a_restore(drill: Drill) -> None:
    async with serving(drill.settings) as here:
        url = note_url(here, NOTES[0])
        async with Writer(url) as old:
            await old.type("the old one")
            await old.until_acknowledged()
            await LiveNotes(here.service.database, here.service.hub).delete(NoteKey(*NOTES[0].split("/")))
            await old.until_closed()
        async with Writer(url) as new:
            await new.type("the new one")
            await new.until_acknowledged()
    await backup(drill.lost, drill.file, silent)
    await restore(drill.file, drill.new, silent)
    async with serving(settings_for(drill.new)) as again:
        old.url = note_url(again, NOTES[0])
        await old.connect()
        assert (await old.until_closed())[0] == 4409
        await old.leave()
        assert await newcomer_text(old.url) == "the new one"


async def test_the_log_goes_on_with_numbers_that_were_never_given(drill: Drill) -> None:
    key = NoteKey(*NOTES[0].split("/"))
    async with contextlib.AsyncExitStack() as stack:
        source = await Database.open(drill.lost)
        stack.push_async_callback(source.close)
        log = NoteLog(source)
        stored = await log.open_note(key)
        await log.append([(key, b"\0\0")] * 5)
        highest = (await log.read(key)).rows[-1].id
        assert stored.rows == ()
        async with source.write() as connection:
            await connection.execute(note_updates.delete())
        await backup(drill.lost, drill.file, silent)
        await restore(drill.file, drill.new, silent)
        target = await Database.open(drill.new)
        stack.push_async_callback(target.close)
        await NoteLog(target).append([(key, b"\0\0")])
        assert [row.id for row in (await NoteLog(target).read(key)).rows] == [highest + 1]
