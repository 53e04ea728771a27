"""Row 11: the log stays short, and compaction deletes nothing that is not in the snapshot it wrote.

``tests/contract/test_compaction.py`` shows it statement by statement on every store.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from crdt.compaction import compact
from server.compactor import Compactor
from server.loader import document_of
from stores.engine import Database
from stores.notelog import Compacted, NoteKey, NoteLog
from stores.tables import note_updates
from stores.target import Target, choose
from tests.crdt.typist import Typist
from tests.faults.conftest import newcomer_text
from tests.faults.writer import Writer
from tests.server.conftest import until
from tests.server_process import ServerProcess

KEY = NoteKey("default", "n")


async def test_an_update_with_a_lower_id_that_commits_late_survives_a_compaction(migrated_url: str) -> None:
    """Two servers on one Postgres: an id is given before the commit, so a lower one may come later."""
    database = await Database.open(choose(database_url=migrated_url, driver=None, path=None, data_dir=None))
    log = NoteLog(database)
    await log.open_note(KEY)
    ann, ben = Typist(1), Typist(2)
    row = {"workspace_id": KEY.workspace, "note_id": KEY.note}
    async with database.write() as late:
        await late.execute(insert(note_updates).values(**row, payload=ann.type("late ")))
        await log.append([(KEY, ben.type("early "))])
        read = await log.read(KEY)
    assert await log.compact(KEY, read, Compacted(*compact(None, [row.update for row in read.rows])))
    stored = await log.read(KEY)
    assert len(stored.rows) == 1
    assert sorted(document_of(stored).text().split()) == ["early", "late"]
    await database.close()


async def test_a_log_stays_short_however_much_is_typed_and_a_kill_in_its_midst_loses_nothing(tmp_path: Path) -> None:
    target = choose(database_url=None, driver=None, path=None, data_dir=tmp_path)
    with ServerProcess({"ROUTA_COMPACT_UPDATES": "10"}, data_dir=tmp_path) as server:
        url = f"{server.ws_url}/{KEY.workspace}/{KEY.note}"
        for round_ in range(3):
            async with Writer(url) as ann:
                for number in range(100):
                    await ann.type(f"{round_}.{number} ")
                    await ann.until_acknowledged()
                server.kill9()  # a compaction is under way, more often than not
            assert await rows(target) < 100
            server.restart()
            assert await newcomer_text(url) == ann.acknowledged
        await until_short(target)


async def rows(target: Target) -> int:
    database = await Database.open(target)
    try:
        return len((await NoteLog(database).read(KEY)).rows)
    finally:
        await database.close()


async def until_short(target: Target) -> None:
    async with asyncio.timeout(30):
        while await rows(target) > 20:
            await asyncio.sleep(0.05)


async def test_a_compaction_that_is_killed_midway_changes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = NoteLog(database)
    await log.open_note(KEY)
    typist = Typist(1)
    await log.append([(KEY, typist.type(letter)) for letter in "abc"])
    before = await log.read(KEY)
    from stores import notelog

    async def die(*_: Any) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(notelog, "_delete_rows", die)
    compactor = Compactor(log, 1, 1)
    compactor.opened(KEY, before)
    task = compactor._growth[KEY].task
    assert task is not None
    await until(task.done)
    assert await log.read(KEY) == before
