"""README's requests work when they are pasted."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging import checkout
from tests.packaging.test_readme import token
from tests.server_process import ServerProcess

ADDRESS = "http://127.0.0.1:8787"


@pytest.fixture
def examples() -> str:
    [code] = re.findall(r"```sh\n(.*?)```", (checkout.ROOT / "README.md").read_text(), re.DOTALL)
    assert ADDRESS in code
    return str(code)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess({"ROUTA_AUTH": "on"}, data_dir=tmp_path / "data") as started:
        yield started


@pytest.mark.timeout(60)
def test_every_request_is_answered_as_one_would_expect(examples: str, server: ServerProcess, tmp_path: Path) -> None:
    assert shutil.which("curl"), "curl is missing: on Debian run 'apt-get install curl' as root."
    # Each answer on a line of its own, each command shown: what a person would see who pastes one after the other.
    script = 'set -eu\ncurl() { command curl "$@"; echo; }\n' + examples.replace(ADDRESS, server.url)
    env = {**os.environ, "TOKEN": token(tmp_path, "*", "--admin")}
    done = subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(answers) == 20
    assert [answer for answer in answers if "error" in answer] == []
    assert "# Plan\n\n- design\n- test\n" in done.stdout


def test_every_noun_of_the_contract_has_an_example(examples: str) -> None:
    nouns = "notes workspaces codebases agents tasks conversations background-tasks schedules"
    for noun in nouns.split():
        assert f"/{noun}" in examples
