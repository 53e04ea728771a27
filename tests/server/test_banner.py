from pathlib import Path

import pytest

from server.banner import MEMORY_NOTICE, TOKENS_NOTICE, banner, link
from server.config import Settings
from stores.target import choose


def shown(host: str = "127.0.0.1", token: str | None = None, auth: str = "on", **store: object) -> str:
    choices: dict[str, object] = {"database_url": None, "driver": None, "path": None, "data_dir": None} | store
    settings = Settings(data_dir=choices["data_dir"], auth=auth, _env_file=None)
    return banner(settings, choose(**choices), host, 8787, token)  # type: ignore[arg-type]


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


def test_the_link_carries_a_token_where_no_server_sees_it() -> None:
    assert "http://127.0.0.1:8787/#token=abc\n" in shown(token="abc")
    assert TOKENS_NOTICE not in shown(token="abc")
    assert TOKENS_NOTICE in shown("0.0.0.0")
    assert TOKENS_NOTICE not in shown("0.0.0.0", auth="off")


def test_a_link_leads_to_a_note_and_may_name_a_host() -> None:
    assert link("notes.local", 80, "t", "a/b", "c d") == "http://notes.local:80/w/a%2Fb/c%20d#token=t"
