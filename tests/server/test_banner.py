from pathlib import Path

import pytest

from server.banner import MEMORY_NOTICE, banner
from server.config import Settings
from stores.target import choose


def shown(host: str = "127.0.0.1", **store: object) -> str:
    choices: dict[str, object] = {"database_url": None, "driver": None, "path": None, "data_dir": None} | store
    settings = Settings(data_dir=choices["data_dir"], _env_file=None)
    return banner(settings, choose(**choices), host, 8787)  # type: ignore[arg-type]


def test_it_shows_the_link_and_the_address_for_editors() -> None:
    lines = shown()
    assert "http://127.0.0.1:8787/" in lines
    assert "ws://127.0.0.1:8787/ws/{workspaceId}/{noteId}" in lines


@pytest.mark.parametrize(
    ("host", "link"),
    [("0.0.0.0", "http://127.0.0.1:8787/"), ("::", "http://127.0.0.1:8787/"), ("::1", "http://[::1]:8787/")],
)
def test_the_link_can_be_opened_whatever_the_server_listens_on(host: str, link: str) -> None:
    assert link in shown(host)


def test_in_memory_it_says_that_notes_end_and_how_to_keep_them() -> None:
    assert MEMORY_NOTICE in shown()
    assert MEMORY_NOTICE not in shown(data_dir=Path("data"))


def test_it_shows_the_store_and_the_folder_but_no_password() -> None:
    assert "data/routa-notes.db" in shown(data_dir=Path("data"))
    lines = shown(database_url="postgres://ann:secret@db.example/notes")
    assert "db.example" in lines
    assert "secret" not in lines


def test_a_setting_without_effect_is_mentioned() -> None:
    assert "ROUTA_DB_PATH" in shown(path=Path("notes.db"))
