"""The scripts: clean shell, no network when nothing changed, one clear sentence when they cannot go on."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.packaging import checkout
from tests.packaging.started import Started

PROGRAMS = Path(sys.executable).parent
NAMES = ["serve", "test", "check", "format", "build-web", "screenshots"]
SCRIPTS = [*(f"scripts/{name}" for name in NAMES), ".ci/run"]
BASICS = ["bash", "cat", "cut", "dirname", "grep", "id", "readlink", "rm", "sed", "sha256sum"]


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A machine's /usr/bin with the basics alone: no Python, no uv, no apt-get."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASICS:
        program = shutil.which(name)
        assert program, f"this machine has no {name}"
        (folder / name).symlink_to(program)
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """scripts/lib in a folder of its own, without a .venv."""
    shutil.copytree(checkout.ROOT / "scripts", tmp_path / "project/scripts")
    return tmp_path / "project/scripts/lib"


def program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def bash(code: str, path: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": str(path), "HOME": str(path)}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code], env=env, capture_output=True, text=True, check=False
    )


def test_shellcheck_finds_nothing() -> None:
    command: list[str | Path] = [PROGRAMS / "shellcheck", "--external-sources", "scripts/lib", *SCRIPTS]
    checked = subprocess.run(command, cwd=checkout.ROOT, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", SCRIPTS)
def test_is_executable_and_stops_at_the_first_error(name: str) -> None:
    script = checkout.ROOT / name
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/usr/bin/env bash\n# ")
    assert "\nset -euo pipefail\n" in script.read_text()


def test_a_python_that_does_not_start_or_is_too_old_is_passed_over(bare: Path, library: Path) -> None:
    program(bare / "python3", "echo 'shim: python3: command not found' >&2; exit 127")
    program(bare / "python3.14", "exit 1")
    (bare / "python3.13").symlink_to(sys.executable)
    found = bash(f"source {library}; find_python", bare)
    assert (found.returncode, found.stderr) == (0, "")
    assert Path(found.stdout.strip()).is_file()


def test_no_python_at_all_is_one_sentence(bare: Path, library: Path) -> None:
    refused = bash(f"source {library}; install runtime", bare)
    assert refused.returncode == 2
    assert refused.stderr.startswith("routa-notes: Python 3.11 or newer is needed")
    assert refused.stderr.count("\n") == 1


def test_python_without_a_venv_module_is_one_sentence(bare: Path, library: Path) -> None:
    program(bare / "python3", f'case "$*" in *ensurepip*|*pip*) exit 1;; *) exec {sys.executable} "$@";; esac')
    stub = f"find_python() {{ echo {bare / 'python3'}; }}"
    refused = bash(f"source {library}; {stub}; install runtime", bare)
    assert refused.returncode == 2
    assert "apt-get install python3-venv" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_changed_lock_asks_for_an_installation_and_an_unchanged_one_does_not(bare: Path, library: Path) -> None:
    project = library.parents[1]
    for name in ("pyproject.toml", "uv.lock"):
        shutil.copy(checkout.ROOT / name, project)
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").symlink_to(sys.executable)
    stubs = f"source {library}; sync() {{ echo synced; fingerprint >$venv/stamp-$1; }}"
    assert bash(f"{stubs}; install runtime", bare).stdout == "synced\n"
    assert bash(f"{stubs}; install runtime", bare).stdout == ""
    assert bash(f"{stubs}; install dev", bare).stdout == "synced\n"
    with (project / "uv.lock").open("a") as lock:
        lock.write("\n")
    assert bash(f"{stubs}; install runtime", bare).stdout == "synced\n"


def test_moved_environment_is_made_anew(bare: Path, library: Path) -> None:
    commands = library.parents[1] / ".venv/bin"
    commands.mkdir(parents=True)
    (commands / "python").symlink_to(sys.executable)
    program(commands / "routa-notes", "# from another folder")
    assert bash(f"source {library}; venv_works", bare).returncode != 0
    program(commands / "routa-notes", f"# {commands / 'python'}")
    assert bash(f"source {library}; venv_works", bare).returncode == 0


def test_serve_starts_without_network_from_any_folder(tmp_path: Path) -> None:
    proxies = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    env = {"PATH": os.defpath, "HOME": str(Path.home()), "ROUTA_DATA_DIR": str(tmp_path / "data")}
    with Started([checkout.ROOT / "scripts/serve"], env | dict.fromkeys(proxies, "http://127.0.0.1:9")) as server:
        assert httpx.get(f"{server.url}/api/health", trust_env=False).status_code == 200
        assert server.terminate() == 0
    assert list((tmp_path / "data").glob("*.db"))
