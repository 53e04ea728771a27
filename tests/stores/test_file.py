from pathlib import Path

import pytest

from stores.errors import Unavailable
from stores.file import FileWatch, prepare_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.db"
    prepare_file(path, 1)
    return path


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_file_that_was_deleted_or_replaced_is_seen_and_one_that_is_back_too(path: Path, suffix: str) -> None:
    watch = FileWatch(path)
    watch.check()
    file = path.with_name(path.name + suffix)
    file.touch()
    watch.check()
    away = file.rename(path.with_name("away"))
    with pytest.raises(Unavailable, match=f"{file.name} was deleted, moved or replaced"):
        watch.check()
    file.write_bytes(b"another one")
    with pytest.raises(Unavailable, match="put the same file back, or stop the server"):
        watch.check()
    away.replace(file)
    watch.check()
