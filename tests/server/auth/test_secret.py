"""Row 32: a secret that can be guessed is none."""

import stat
import threading
from pathlib import Path

import pytest

from server.auth import secret
from stores.errors import Misconfigured


def test_a_folder_keeps_its_secret_and_shows_it_to_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    first = secret.kept(folder)
    assert secret.kept(folder) == first
    assert len(first) >= secret.SHORTEST
    assert stat.S_IMODE((folder / secret.FILE).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [secret.FILE]


def test_servers_that_start_at_once_agree_on_one(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(secret.kept(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret.kept(tmp_path)
    (tmp_path / secret.FILE).chmod(0o644)
    with pytest.raises(Misconfigured, match="chmod 600"):
        secret.kept(tmp_path)


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="ROUTA_AUTH_SECRET"):
        secret.kept(tmp_path / "file" / "data")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 characters"),
        ("short", "5 characters"),
        ("a" * 64, "placeholder"),
        ("change-me-change-me-change-me-please", "placeholder"),
        ("your-secret-key-goes-here-0123456789", "placeholder"),
        ("this is an EXAMPLE of a long secret!", "placeholder"),
    ],
)
def test_what_can_be_guessed_is_refused_by_the_name_of_its_variable(text: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=f"ROUTA_AUTH_SECRET .*{why}"):
        secret.checked("ROUTA_AUTH_SECRET", text)


def test_every_secret_that_is_made_is_another_one_and_passes() -> None:
    assert secret.made() != secret.made()
    assert secret.checked("any", secret.made())
