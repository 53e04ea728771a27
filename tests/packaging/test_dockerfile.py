"""Row 32: the Dockerfile, read by hadolint's parser; no engine is needed to hold it to its promises."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging import checkout

HADOLINT = Path(sys.executable).with_name("hadolint")


def lint(dockerfile: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HADOLINT, "--no-color", dockerfile], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def last_stage() -> list[str]:
    text = (checkout.ROOT / "Dockerfile").read_text()
    return text[text.rindex("\nFROM ") :].strip().splitlines()


def test_is_accepted_by_the_linter() -> None:
    accepted = lint(checkout.ROOT / "Dockerfile")
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr


def test_linter_refuses_a_bad_file(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nCMD serve\n")
    assert lint(bad).returncode != 0


def test_server_is_not_root_and_keeps_its_notes_in_a_volume(last_stage: list[str]) -> None:
    assert "USER 10001:10001" in last_stage
    assert "VOLUME /data" in last_stage


def test_signals_reach_the_server_itself(last_stage: list[str]) -> None:
    assert 'ENTRYPOINT ["routa-notes"]' in last_stage
    assert 'CMD ["serve"]' in last_stage


def test_every_copied_file_is_in_the_context_and_in_the_clone() -> None:
    allowed = {
        line[1:].rstrip("/") for line in (checkout.ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    lines = (checkout.ROOT / "Dockerfile").read_text().splitlines()
    copied = {
        source for line in lines if line.startswith("COPY ") and "--from" not in line for source in line.split()[1:-1]
    }
    assert copied == allowed
    tracked = checkout.files()
    assert all(any(name.is_relative_to(source) for name in tracked) for source in copied)
