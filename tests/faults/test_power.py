"""Row 2: with FULL an acknowledgement comes after the disk has the commit; with NORMAL, the default, it may not.

The C library's fdatasync is held up in the server, by a library of a few lines that is loaded into it.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.missing import program
from tests.faults.writer import Writer
from tests.server.conftest import until
from tests.server_process import ServerProcess


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library, compiled."""
    path = tmp_path_factory.mktemp("library") / "fdatasync.so"
    source = Path(__file__).with_name("fdatasync.c")
    subprocess.run([program("cc", "gcc libc6-dev"), "-shared", "-fPIC", "-o", path, source, "-ldl"], check=True)
    return path


class Gate:
    """While it is closed, nothing reaches the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def close(self) -> None:
        self.path.touch()

    def open(self) -> None:
        self.path.unlink(missing_ok=True)

    def held(self) -> bool:
        """Whether somebody waits at it."""
        return self.path.with_suffix(".waiting").exists()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


@pytest.fixture
def server(request: pytest.FixtureRequest, library: Path, gate: Gate, tmp_path: Path) -> Iterator[ServerProcess]:
    data = tmp_path / "data"
    environment = {
        "LD_PRELOAD": str(library),
        "ROUTA_GATE": str(gate.path),
        "ROUTA_GATED": str(data),
        "ROUTA_SQLITE_SYNCHRONOUS": request.param,
    }
    with ServerProcess(environment, data_dir=data) as server:
        yield server
        gate.open()


@pytest.mark.parametrize("server", ["FULL"], indirect=True)
async def test_with_full_nothing_is_acknowledged_before_it_is_on_the_disk(server: ServerProcess, gate: Gate) -> None:
    async with Writer(f"{server.ws_url}/default/n") as ann:
        await ann.type("before ")
        await ann.until_acknowledged()
        gate.close()
        await ann.type("during ")
        await until(gate.held, 30)
        await ann.answered()
        assert ann.acknowledged == "before "
        gate.open()
        await ann.until_acknowledged()


@pytest.mark.parametrize("server", ["NORMAL"], indirect=True)
async def test_with_normal_an_acknowledgement_does_not_wait_for_the_disk(server: ServerProcess, gate: Gate) -> None:
    async with Writer(f"{server.ws_url}/default/n") as ann:
        await ann.type("before ")
        await ann.until_acknowledged()
        gate.close()
        await ann.type("during ")
        await ann.until_acknowledged()
        gate.open()
