"""The file of a SQLite database: made, and watched, for what is committed into a file that was deleted is lost."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from stores.errors import Unavailable


def _make_folder(path: Path) -> None:
    if path.is_dir():
        raise Unavailable(f"{path} is a folder: name a file in it for the notes.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(
            f"The folder {path.parent} cannot be made ({error.strerror}); name another one for the notes."
        ) from error


def prepare_file(path: Path, seconds: float) -> None:
    """Make the file and switch it to WAL, which stays so; what is wrong with it shows here."""
    _make_folder(path)
    end = time.monotonic() + seconds
    with closing(sqlite3.connect(path, timeout=seconds)) as link:
        while not _switches_to_wal(link, last=time.monotonic() >= end):
            time.sleep(0.01)


def _switches_to_wal(link: sqlite3.Connection, *, last: bool) -> bool:
    try:
        link.execute("PRAGMA journal_mode=WAL")
    except sqlite3.OperationalError as error:
        # Two servers that switch at once give way to each other at once, whatever the timeout.
        if last or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


class FileWatch:
    """Tells whether the files that are open are still those that their names lead to."""

    def __init__(self, path: Path) -> None:
        """Remember the database file as it is now; its write-ahead log is remembered once it is there."""
        self._path = path
        self._names = (path, path.with_name(f"{path.name}-wal"))
        self._known = [_identity(path), None]

    def check(self) -> None:
        """Raise Unavailable when the database was deleted, moved or replaced since it was opened."""
        for place, name in enumerate(self._names):
            found = _identity(name)
            if self._known[place] is None:
                self._known[place] = found
            elif found != self._known[place]:
                raise Unavailable(
                    f"{name} was deleted, moved or replaced while the server uses it, so nothing is kept: put the same "
                    "file back, or stop the server, put a backup in its place, and start it again."
                )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
