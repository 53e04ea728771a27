from pathlib import Path

import pytest

from server import config
from server.config import BadSettings, Settings
from stores.errors import Misconfigured
from stores.target import Driver


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(config.variable(name), raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_anything_notes_are_kept_in_memory() -> None:
    assert config.load().target().driver is Driver.MEMORY


def test_a_flag_goes_before_the_environment_and_that_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("ROUTA_PORT=1\nROUTA_HOST=::1\nROUTA_LOG_LEVEL=error\nUNKNOWN=1\n")
    monkeypatch.setenv("ROUTA_PORT", "2")
    monkeypatch.setenv("ROUTA_LOG_LEVEL", "warning")
    settings = config.load(port=3, host=None)
    assert (settings.port, settings.log_level, settings.host) == (3, "warning", "::1")


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTA_PORT", "")
    monkeypatch.setenv("DATABASE_URL", "")
    settings = config.load()
    assert settings.port == 8787
    assert settings.database_url is None


def test_a_list_is_written_with_commas_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTA_ALLOWED_ORIGINS", "https://a.example, https://b.example,")
    assert config.load().allowed_origins == ("https://a.example", "https://b.example")
    assert config.load(allowed_origins=("*",)).allowed_origins == ("*",)


def test_the_store_is_chosen_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert config.load(data_dir=tmp_path).target().driver is Driver.SQLITE
    monkeypatch.setenv("ROUTA_DB_DRIVER", "sqlite")
    monkeypatch.setenv("ROUTA_DB_PATH", "notes.db")
    assert config.load().target().path == Path("notes.db")
    monkeypatch.setenv("DATABASE_URL", "postgres://ann:secret@db/notes")
    with pytest.raises(Misconfigured, match="ROUTA_DB_DRIVER"):
        config.load().target()
    monkeypatch.delenv("ROUTA_DB_DRIVER")
    settings = config.load()
    assert settings.target().driver is Driver.POSTGRES
    assert ":secret@" not in repr(settings)
    assert "ann" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("ROUTA_PORT", "http", "^ROUTA_PORT: .*integer"),
        ("ROUTA_PORT", "65536", "^ROUTA_PORT: .*65535"),
        ("ROUTA_LOG_LEVEL", "loud", "^ROUTA_LOG_LEVEL: .*'debug'"),
        ("ROUTA_MAX_NOTE_BYTES", "-1", "^ROUTA_MAX_NOTE_BYTES: .*1024"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=sentence):
        config.load()


def test_every_setting_is_documented_where_people_look() -> None:
    project = Path(__file__).parents[2]
    readme, example = (project / "README.md").read_text(), (project / ".env.example").read_text()
    for name, field in Settings.model_fields.items():
        variable = config.variable(name)
        assert field.description, name
        assert f"`{variable}`" in readme, variable
        assert f"{variable}=" in example, variable
