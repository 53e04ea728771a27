"""Row 32: docker-compose.yml as two implementations read it: podman-compose and compose-spec."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from tests.packaging import checkout

PROGRAMS = Path(sys.executable).parent
REQUIREMENT = "docker-compose.postgres.env"

Services = dict[str, dict[str, Any]]


class Composer:
    """Renders compose files in a folder of its own, so that no .env of this checkout has a say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        podman = folder / "bin/podman"  # podman-compose asks its version before it reads anything
        podman.parent.mkdir()
        podman.write_text("#!/bin/sh\necho podman version 5.0.0\n")
        podman.chmod(0o755)
        for name in ("docker-compose.yml", REQUIREMENT):
            shutil.copy(checkout.ROOT / name, folder)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.defpath}", **variables}
        command: list[str | Path] = [PROGRAMS / "podman-compose", *arguments, "config"]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=False)

    def services(self, *arguments: str, **variables: str) -> Services:
        """The services that would start, after the strict parser has accepted the file."""
        rendered = self.run(*arguments, **variables)
        assert rendered.returncode == 0, rendered.stderr
        parsed = PyCompose.from_yaml(rendered.stdout)
        parsed.validate()
        services: Services = yaml.safe_load(rendered.stdout)["services"]
        assert set(parsed.service_names()) == set(services)
        return services


@pytest.fixture
def composer(tmp_path: Path) -> Composer:
    return Composer(tmp_path)


def test_starts_one_service_on_sqlite_without_any_variable(composer: Composer) -> None:
    services = composer.services()
    assert list(services) == ["notes"]
    assert services["notes"]["volumes"] == ["data:/data"]
    assert services["notes"]["environment"]["ROUTA_DATA_DIR"] == "/data"
    assert services["notes"]["environment"]["DATABASE_URL"] is None


def test_profile_postgres_brings_a_database_and_a_server_on_it(composer: Composer) -> None:
    services = composer.services("--profile", "postgres", POSTGRES_PASSWORD='a$b"@:/')
    assert set(services) == {"notes", "notes-postgres", "postgres"}
    assert services["notes-postgres"]["environment"]["DATABASE_URL"] == "postgresql://notes@postgres:5432/notes"
    assert services["notes-postgres"]["environment"]["PGPASSWORD"] == 'a$b"@:/'
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == 'a$b"@:/'
    assert "postgres" in services["notes-postgres"]["depends_on"]


def test_has_no_default_password(composer: Composer) -> None:
    services = composer.services("--profile", "postgres")
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"] == ""
    assert services["notes-postgres"]["environment"]["PGPASSWORD"] == ""


def test_asks_for_the_password_where_the_profile_is_used(composer: Composer) -> None:
    file = yaml.safe_load((composer.folder / "docker-compose.yml").read_text())
    readers = {name for name, service in file["services"].items() if REQUIREMENT in service.get("env_file", [])}
    assert readers == {name for name, service in file["services"].items() if service.get("profiles") == ["postgres"]}

    lines = (composer.folder / REQUIREMENT).read_text().splitlines()
    demand = {
        "services": {"one": {"image": "one", "environment": [line for line in lines if not line.startswith("#")]}}
    }
    (composer.folder / "docker-compose.yml").write_text(yaml.safe_dump(demand))
    refused = composer.run()
    assert refused.returncode != 0
    assert "Set POSTGRES_PASSWORD in .env" in refused.stderr
    assert composer.services(POSTGRES_PASSWORD="set")["one"]["environment"] == {"POSTGRES_PASSWORD": "set"}


def test_listens_on_this_machine_alone_and_on_one_port_each(composer: Composer) -> None:
    services = composer.services("--profile", "postgres", POSTGRES_PASSWORD="set")
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8787:8787", "127.0.0.1:8788:8787"]
    assert composer.services(NOTES_ADDRESS="0.0.0.0", NOTES_PORT="80")["notes"]["ports"] == ["0.0.0.0:80:8787"]


def test_passes_every_setting_on(composer: Composer) -> None:
    lines = (checkout.ROOT / ".env.example").read_text().splitlines()
    settings = {line[1:].split("=")[0] for line in lines if line.startswith("#ROUTA_")}
    chosen_inside = {"ROUTA_DB_DRIVER", "ROUTA_DB_PATH"}  # the volume is the place for SQLite
    assert settings - chosen_inside <= set(composer.services()["notes"]["environment"])


def test_server_runs_without_privileges(composer: Composer) -> None:
    notes = composer.services()["notes"]
    assert (notes["read_only"], notes["cap_drop"]) == (True, ["ALL"])


def test_strict_parser_refuses_what_no_compose_file_has() -> None:
    with pytest.raises(ValueError, match="bogus"):
        PyCompose.from_yaml("services: {notes: {image: notes, bogus: 1}}")
