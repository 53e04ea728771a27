from pathlib import Path

import pytest

from server.commands.progress import Lines
from tests.server.test_cli import run


def test_a_backup_is_made_and_restored_and_both_say_how_far_they_are(tmp_path: Path) -> None:
    file, old, new = (str(tmp_path / name) for name in ("backup.db", "old", "new"))
    assert run("migrate", "--data-dir", old).exit_code == 0
    made = run("backup", "--data-dir", old, file)
    assert made.exit_code == 0
    assert "note_updates: 0 rows\n" in made.stderr
    assert f"{file} holds all of SQLite file" in made.stdout
    restored = run("restore", "--data-dir", new, file)
    assert restored.exit_code == 0
    assert "schema_history: " in restored.stderr
    assert "is as it was when" in restored.stdout
    assert run("check", "--data-dir", new).exit_code == 0


def test_what_cannot_be_done_is_one_sentence(tmp_path: Path) -> None:
    file, old = str(tmp_path / "backup.db"), str(tmp_path / "old")
    run("migrate", "--data-dir", old)
    assert run("backup", "--data-dir", old, file).exit_code == 0
    again = run("backup", "--data-dir", old, file)
    assert (again.exit_code, again.stderr.count("\n")) == (2, 1)
    assert "--force" in again.stderr
    assert run("backup", "--force", "--data-dir", old, file).exit_code == 0
    nothing = run("restore", "--data-dir", old, str(tmp_path / "nothing"))
    assert (nothing.exit_code, nothing.stderr) == (
        2,
        f"Error: There is no file {tmp_path / 'nothing'}: name a backup that `routa-notes backup` made.\n",
    )


def test_on_a_terminal_it_counts_up_in_its_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    told = Lines()
    told("notes", 0, 2)
    told("notes", 2, 2)
    assert capsys.readouterr().err == "\rnotes: 0 of 2 rows\rnotes: 2 rows\n"
