"""The file of a backup: a SQLite database with the tables of every store, and one that says what must be in them.

It is the same whichever store it was made of, and goes into any of them.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from stores.errors import StoreError

FORMAT = "1"
_NOT_COUNTED = ("backup", "sqlite_sequence")


class NotABackup(StoreError):
    """The file is not a backup of routa-notes, or it is damaged."""


def seal(path: Path) -> None:
    """Write into a finished backup what it holds, in one file of mode 600, and bring it to the disk."""
    path.chmod(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as link:
        link.execute("PRAGMA journal_mode=DELETE")
        link.execute("CREATE TABLE backup (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        facts = {"format": FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), **_digests(link)}
        link.executemany("INSERT INTO backup VALUES (?, ?)", facts.items())
    _sync(path)


def verify(path: Path) -> str:
    """Read all of a backup and compare it with what it says of itself; when it was made (ISO 8601, UTC).

    Raises NotABackup: it is something else, was made by a newer release, or a byte of it has changed.
    """
    with _described(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as link:
        facts = dict(link.execute("SELECT name, value FROM backup"))
        if facts.pop("format", FORMAT) != FORMAT:
            raise NotABackup(f"{path} was made by a newer routa-notes: restore it with that one.")
        made = facts.pop("made_at", "")
        if link.execute("PRAGMA integrity_check").fetchone() != ("ok",) or facts != _digests(link):
            raise NotABackup(f"{path} is damaged: what it holds is not what was put into it. Take another backup.")
        return str(made)


@contextmanager
def _described(path: Path) -> Iterator[None]:
    """Say of a file that cannot be read what is wrong with it."""
    if not path.is_file():
        raise NotABackup(f"There is no file {path}: name a backup that `routa-notes backup` made.")
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise NotABackup(f"{path} is not a backup of routa-notes, or it is damaged ({error}).") from error


def _digests(link: sqlite3.Connection) -> dict[str, str]:
    """Give, for each table, how many rows it has and the SHA-256 of all that is in them."""
    names = [name for (name,) in link.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {f"table {name}": _digest(link, name) for name in names if name not in _NOT_COUNTED}


def _digest(link: sqlite3.Connection, table: str) -> str:
    columns = [name for _, name, *_ in link.execute(f'PRAGMA table_info("{table}")')]
    quoted = ", ".join(f'"{name}"' for name in columns)
    digest, rows = hashlib.sha256(), 0
    for row in link.execute(f'SELECT {quoted} FROM "{table}" ORDER BY rowid'):  # noqa: S608 - its own names
        rows += 1
        for value in row:
            kind, content = type(value).__name__, value if isinstance(value, bytes) else str(value).encode()
            digest.update(f"{kind} {len(content)} ".encode())
            digest.update(content)
    return f"{rows} rows, sha256 {digest.hexdigest()}"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def publish(path: Path, place: Path) -> None:
    """Give a sealed backup its name, at once and for good."""
    path.replace(place)
    _sync(place.parent)
