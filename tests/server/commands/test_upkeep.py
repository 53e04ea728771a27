import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from crdt.document import Document
from server import cli, config
from server.commands import upkeep
from server.config import Settings
from stores.engine import Database
from stores.notelog import NoteKey, NoteLog
from stores.quarantine import Found, Kind, Quarantine, digest_of
from stores.schema import upgrade
from stores.target import choose
from tests.crdt.typist import Typist

KEY = NoteKey("default", "a")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UPDATE = Found(*KEY, Kind.UPDATE, b"deadly", "It ended the server.", (), "address ::1")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in Settings.model_fields:
        monkeypatch.delenv(config.variable(name), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli.main, [*arguments, "--data-dir", str(folder)])


def prepare(folder: Path, *found: Found, rows: tuple[bytes, ...] = ()) -> None:
    async def work(database: Database) -> None:
        await Quarantine(database).add(found, NOW)
        await NoteLog(database).open_note(KEY)
        await NoteLog(database).append([(KEY, row) for row in rows])

    asyncio.run(_with(folder, work))


async def _with(folder: Path, work: Any) -> Any:
    database = await Database.open(choose(database_url=None, driver=None, path=None, data_dir=folder))
    try:
        await upgrade(database)
        return await work(database)
    finally:
        await database.close()


def text(folder: Path) -> str:
    async def read(database: Database) -> str:
        stored = await NoteLog(database).read(KEY)
        assert stored.snapshot is not None
        return Document(stored.snapshot.state, [row.update for row in stored.rows]).text()

    found: str = asyncio.run(_with(folder, read))
    return found


def test_an_empty_quarantine_says_so(folder: Path) -> None:
    assert run(folder, "quarantine").output == "Nothing is in quarantine.\n"


def test_the_quarantine_is_a_table(folder: Path) -> None:
    prepare(folder, UPDATE, Found(*KEY, Kind.NOTE, b"", "Damaged."))
    head, update, note = run(folder, "quarantine").output.splitlines()
    assert head.split() == ["ID", "WHEN", "(UTC)", "NOTE", "WHAT", "BYTES", "DIGEST", "FROM", "WHY"]
    digest = digest_of(b"deadly")[:12]
    for cell in ("2026-01-02 03:04:05", "default/a", "update", "6", digest, "address ::1", "It ended the server."):
        assert cell in update
    assert update.index("default/a") == note.index("default/a") == head.index("NOTE")


def test_one_can_be_exported_and_released(folder: Path, tmp_path: Path) -> None:
    prepare(folder, UPDATE)
    key = run(folder, "quarantine").output.splitlines()[1].split()[0]
    assert "6 bytes" in run(folder, "quarantine", "--export", key, str(tmp_path / "update")).output
    assert (tmp_path / "update").read_bytes() == b"deadly"
    unwritable = run(folder, "quarantine", "--export", key, str(tmp_path / "none/update"))
    assert (unwritable.exit_code, unwritable.output.count("\n")) == (2, 1)
    assert f"Released {key}" in run(folder, "quarantine", "--release", key).output
    again = run(folder, "quarantine", "--release", key)
    assert (again.exit_code, again.output) == (2, f"Error: There is nothing under {key} in the quarantine.\n")


def test_a_repair_says_what_it_leaves_out_and_keeps_it(folder: Path) -> None:
    typist = Typist(1)
    prepare(folder, Found(*KEY, Kind.NOTE, b"", "Damaged."), rows=(typist.type("one"), b"\x07garbage"))
    dry = run(folder, "repair", "default/a", "--dry-run").output
    assert dry == "default/a: 1 of 2 parts cannot be used and are left out:\n  row 2, 8 bytes\nNothing was changed.\n"
    assert " note " in run(folder, "quarantine").output
    done = run(folder, "repair", "default/a").output
    assert "row 2, 8 bytes" in done
    assert "can be opened again" in done
    assert text(folder) == "one"
    listed = run(folder, "quarantine").output
    assert " note " not in listed
    assert "dropped" in listed
    assert "row 2" in listed


def test_a_note_of_which_all_can_be_read_is_only_opened(folder: Path) -> None:
    prepare(folder, Found(*KEY, Kind.NOTE, b"", "Damaged."), rows=(Typist(1).type("one"),))
    assert "all 1 parts can be read" in run(folder, "repair", "default/a").output
    assert run(folder, "quarantine").output == "Nothing is in quarantine.\n"


def test_what_waits_for_what_is_left_out_is_said(folder: Path) -> None:
    typist = Typist(1)
    first = typist.type("one")
    prepare(folder, rows=(first[:-1] + b"\x07", typist.type("two")))
    assert "waits for it" in run(folder, "repair", "default/a").output


@pytest.mark.parametrize("note", ["default/none", "default/"])
def test_a_note_that_cannot_be_is_one_sentence(folder: Path, note: str) -> None:
    refused = run(folder, "repair", note)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)


def test_a_note_that_is_changed_all_the_time_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def overtaken(*_: object) -> bool:
        return False

    monkeypatch.setattr(NoteLog, "compact", overtaken)
    prepare(folder, rows=(b"\x07garbage",))
    refused = run(folder, "repair", "default/a")
    assert (refused.exit_code, refused.output) == (2, "Error: Somebody goes on changing default/a: try again.\n")
    assert upkeep._ATTEMPTS > 1
