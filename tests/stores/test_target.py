from pathlib import Path
from typing import Any

import pytest

from stores.errors import Misconfigured
from stores.target import Driver, Target, choose

URL = "postgres://u:hunter2@db/notes"
FILE = Path("kept/here.db")
FOLDER = Path("folder")


def chosen(**settings: Any) -> Target:
    return choose(**{"database_url": None, "driver": None, "path": None, "data_dir": None} | settings)


@pytest.mark.parametrize(
    ("settings", "driver", "path"),
    [
        ({}, Driver.MEMORY, None),
        ({"driver": "memory"}, Driver.MEMORY, None),
        ({"driver": "memory", "data_dir": FOLDER}, Driver.MEMORY, None),
        ({"path": FILE}, Driver.MEMORY, None),
        ({"driver": "sqlite"}, Driver.SQLITE, Path("routa-notes.db")),
        ({"driver": "SQLite "}, Driver.SQLITE, Path("routa-notes.db")),
        ({"driver": "sqlite", "path": FILE}, Driver.SQLITE, FILE),
        ({"driver": "sqlite", "path": FILE, "data_dir": FOLDER}, Driver.SQLITE, FILE),
        ({"driver": "sqlite", "data_dir": FOLDER}, Driver.SQLITE, FOLDER / "routa-notes.db"),
        ({"data_dir": FOLDER}, Driver.SQLITE, FOLDER / "routa-notes.db"),
        ({"data_dir": FOLDER, "path": FILE}, Driver.SQLITE, FILE),
        ({"database_url": URL}, Driver.POSTGRES, None),
        ({"database_url": URL, "driver": "postgres"}, Driver.POSTGRES, None),
        ({"database_url": URL, "data_dir": FOLDER}, Driver.POSTGRES, None),
        ({"database_url": URL, "path": FILE}, Driver.POSTGRES, None),
        # Empty strings count as unset.
        ({"database_url": "", "driver": "", "path": Path()}, Driver.MEMORY, None),
        ({"database_url": " ", "driver": "sqlite", "path": Path()}, Driver.SQLITE, Path("routa-notes.db")),
        ({"database_url": URL, "driver": ""}, Driver.POSTGRES, None),
    ],
)
def test_which_store_runs(settings: dict[str, Any], driver: Driver, path: Path | None) -> None:
    target = chosen(**settings)
    assert (target.driver, target.path) == (driver, path)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"database_url": URL, "driver": "sqlite"}, "DATABASE_URL is set and ROUTA_DB_DRIVER says sqlite"),
        ({"database_url": URL, "driver": "memory"}, "DATABASE_URL is set and ROUTA_DB_DRIVER says memory"),
        ({"driver": "postgres"}, "DATABASE_URL is not set"),
        ({"driver": "postgres", "data_dir": FOLDER}, "DATABASE_URL is not set"),
        ({"driver": "memory", "path": FILE}, "ROUTA_DB_PATH is set and ROUTA_DB_DRIVER says memory"),
        ({"driver": "mysql"}, 'ROUTA_DB_DRIVER is "mysql": write postgres, sqlite or memory'),
        ({"database_url": URL, "driver": "mysql"}, 'ROUTA_DB_DRIVER is "mysql"'),
        ({"database_url": "mysql://db/n"}, "not the URL of a Postgres database"),
        ({"driver": "sqlite", "path": Path(":memory:")}, "set ROUTA_DB_DRIVER=memory instead"),
        ({"synchronous": "OFF"}, 'SQLite\'s synchronous is "OFF": write NORMAL or FULL'),
        ({"pool_size": 0}, "connection pool is 0: it must be 1 or more"),
    ],
)
def test_contradictions_and_unknown_values(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Misconfigured) as error:
        chosen(**settings)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, None),
        ({"data_dir": FOLDER, "path": FILE}, None),
        ({"database_url": URL}, None),
        ({"path": FILE}, "notes are kept in memory; set ROUTA_DB_DRIVER=sqlite"),
        ({"database_url": URL, "path": FILE}, "notes are kept in Postgres"),
    ],
)
def test_a_path_without_effect_is_said(settings: dict[str, Any], sentence: str | None) -> None:
    warning = chosen(**settings).warning
    assert warning is None if sentence is None else sentence in (warning or "")


@pytest.mark.parametrize(
    ("url", "said", "pooler"),
    [
        (URL, None, False),
        (URL, True, True),
        (URL + "?pgbouncer=true", None, True),
        (URL + "?pgbouncer=true", False, False),
    ],
)
def test_a_pooler_is_seen_from_the_url_unless_it_is_said(url: str, said: bool | None, pooler: bool) -> None:
    assert chosen(database_url=url, pooler=said).pooler is pooler


def test_labels_name_the_store_and_no_password() -> None:
    assert chosen().label == "memory"
    assert chosen(driver="sqlite", path=FILE).label == "SQLite file kept/here.db"
    target = chosen(database_url=URL)
    assert target.label == "Postgres at postgresql://u:***@db/notes"
    assert "hunter2" not in repr(target)
    assert "hunter2" in target.dsn


def test_numbers_reach_the_target() -> None:
    target = chosen(database_url=URL, pool_size=3, busy_timeout=1.5)
    assert (target.pool_size, target.busy_timeout) == (3, 1.5)
    target = chosen(driver="sqlite", synchronous="FULL", busy_timeout=1.5)
    assert (target.synchronous, target.busy_timeout) == ("FULL", 1.5)
