import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from stores.archive import NotABackup, publish, seal, verify


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "made.db"
    with closing(sqlite3.connect(path)) as link:
        link.execute("PRAGMA journal_mode=WAL")
        link.execute("CREATE TABLE things (a TEXT, b BLOB, c INTEGER, d)")
        link.execute("INSERT INTO things VALUES ('precious', x'00ff', 7, NULL)")
        link.commit()
    seal(path)
    return path


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as link:
        link.execute(statement)
        link.commit()


def test_a_sealed_backup_is_one_file_for_its_owner_alone_and_verifies(sealed: Path) -> None:
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    assert [path.name for path in sealed.parent.iterdir()] == ["made.db"]
    assert verify(sealed).endswith("+00:00")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE things SET a = 'precioux'",
        "UPDATE things SET d = ''",
        "UPDATE things SET b = x'00fe'",
        "DELETE FROM things",
        "CREATE TABLE more (a)",
        "DROP TABLE things",
    ],
)
def test_what_has_changed_since_is_seen(sealed: Path, statement: str) -> None:
    change(sealed, statement)
    with pytest.raises(NotABackup, match="is damaged"):
        verify(sealed)


def test_a_flipped_byte_is_seen(sealed: Path) -> None:
    content = bytearray(sealed.read_bytes())
    content[content.index(b"precious")] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(NotABackup, match="is damaged"):
        verify(sealed)


def test_a_file_that_was_cut_short_is_seen(sealed: Path) -> None:
    sealed.write_bytes(sealed.read_bytes()[:-4096])
    with pytest.raises(NotABackup):
        verify(sealed)


def test_a_newer_format_is_refused(sealed: Path) -> None:
    change(sealed, "UPDATE backup SET value = '2' WHERE name = 'format'")
    with pytest.raises(NotABackup, match="made by a newer routa-notes"):
        verify(sealed)


def test_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotABackup, match="There is no file"):
        verify(tmp_path / "nowhere")
    other = tmp_path / "other"
    other.write_text("something else " * 100)
    with pytest.raises(NotABackup, match="is not a backup"):
        verify(other)
    with closing(sqlite3.connect(tmp_path / "plain.db")) as link:
        link.execute("CREATE TABLE t (a)")
    with pytest.raises(NotABackup, match="is not a backup"):
        verify(tmp_path / "plain.db")


def test_a_backup_gets_its_name_and_takes_the_place_of_an_older_one(sealed: Path) -> None:
    place = sealed.with_name("backup.db")
    place.write_text("older")
    publish(sealed, place)
    assert verify(place)
    assert not sealed.exists()
