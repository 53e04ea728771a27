"""Row 30: requests made up from the OpenAPI document, valid and not: no defect, and no answer that it does not have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.checks import positive_data_acceptance

from server.access import ANYBODY
from server.app import create_app
from tests.faults.raw import SECRET, made
from tests.postgres import Postgres
from tests.server_process import ServerProcess

STREAM = "/api/notes/events"
"""Never ends: its own tests read it."""
UNSAYABLE = [positive_data_acceptance]
"""A schema cannot say what a cursor, a cron expression or an anchor in a text has to be: made-up ones are refused."""

OWNER = {"Authorization": f"Bearer {made(*ANYBODY.grants).token}"}
"""The header of somebody who may do everything."""

schema = schemathesis.openapi.from_dict(create_app().openapi()).exclude(path=STREAM)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The real server, in a process of its own."""
    environment = {"ROUTA_AUTH": "on", "ROUTA_AUTH_SECRET": SECRET}
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        environment["DATABASE_URL"] = postgres.url(postgres.create())
    folder: Path | None = tmp_path_factory.mktemp("made-up") if request.param == "sqlite" else None
    with ServerProcess(environment, data_dir=folder) as started:
        yield started
        print(started.new_stderr())


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One connection for all; what shows no token, or another, is told so by the document's checks."""
    with requests.Session() as opened:
        yield opened


@schema.parametrize()
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_in_the_document(case: Case[Any], server: ServerProcess, session: requests.Session) -> None:
    case.call_and_validate(base_url=server.url, session=session, timeout=30, headers=OWNER, excluded_checks=UNSAYABLE)
