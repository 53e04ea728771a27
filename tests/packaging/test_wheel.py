"""The wheel holds all that the server needs, and nothing of the checkout it came from."""

import os
import re
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest

from tests.packaging import checkout
from tests.packaging.started import Started

UV = Path(sys.executable).with_name("uv")


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    """The output of a command that must succeed, started without the variables of this virtual environment."""
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("UV_", "COVERAGE_", "VIRTUAL_ENV"))
    }
    caches = {name: value for name, value in os.environ.items() if name == "UV_CACHE_DIR"}
    done = subprocess.run(command, cwd=cwd, env=env | caches | more, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout.copy_to(tmp_path_factory.mktemp("clone"))


@pytest.fixture(scope="module")
def wheel(clone: Path) -> Path:
    # The locked hatchling of the test environment builds it, so that nothing is fetched.
    run(UV, "build", "--wheel", "--offline", "--no-build-isolation", "--python", sys.executable, ".", cwd=clone)
    [built] = (clone / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(clone: Path, wheel: Path) -> Path:
    """The commands of an environment that holds the locked packages of production (from uv's cache) and the wheel."""
    home = clone / "alone"
    lock = ["--locked", "--no-dev", "--no-install-project", "--python", sys.executable]
    run(UV, "sync", *lock, cwd=clone, UV_PROJECT_ENVIRONMENT=str(home))
    run(UV, "pip", "install", "--offline", "--no-deps", "--python", home / "bin/python", wheel, cwd=clone)
    return home / "bin"


def test_holds_exactly_the_four_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" not in name}
    assert tops == {"crdt", "stores", "server", "migrations"}


def test_holds_every_file_of_those_packages(wheel: Path) -> None:
    expected = {str(name) for name in checkout.files() if name.parts[0] in {"crdt", "stores", "server", "migrations"}}
    with zipfile.ZipFile(wheel) as archive:
        assert expected == {name for name in archive.namelist() if ".dist-info/" not in name}


def test_names_itself_and_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [metadata] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        facts = message_from_bytes(archive.read(metadata))
        assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())
    assert (facts["Name"], facts["License-Expression"], facts["Requires-Python"]) == ("routa-notes", "MIT", ">=3.11")


def test_lacks_no_dependency(installed: Path) -> None:
    run(UV, "pip", "check", "--python", installed / "python", cwd=installed)


def test_serves_with_nothing_else_beside_it(installed: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Started([installed / "routa-notes", "serve", "--data-dir", data], {"PATH": os.defpath}) as server:
        assert httpx.get(f"{server.url}/api/health", trust_env=False).status_code == 200
        page = httpx.get(f"{server.url}/w/default/plan", trust_env=False).text
        [script] = re.findall(r'<script type="module"[^>]* src="([^"]+)"', page)
        assert httpx.get(f"{server.url}{script}", trust_env=False).status_code == 200
        assert server.terminate() == 0
    assert list(data.glob("*.db")), "the notes are kept in the folder that was named"
