"""The load generator, a C program that is compiled when its source is newer, and what it says."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.machine import cores, on_core

HERE = Path(__file__).parent
CACHE = HERE / ".cache"
FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror")
SATURATED = 0.9
"""The share of its core above which the generator's own delays would be measured."""

Event = dict[str, Any]
"""One line of the generator: ``event`` says which, the rest are figures; times in milliseconds."""


class LoadError(Exception):
    """The generator ended without a result; the message is what it said."""


def program(name: str) -> Path:
    """Give a program made of the C files of that folder, newer than all of them."""
    sources = sorted((HERE / name).glob("*.c"))
    newest = max(file.stat().st_mtime for file in (HERE / name).iterdir())
    target = CACHE / name
    if not target.exists() or target.stat().st_mtime < newest:
        CACHE.mkdir(exist_ok=True)
        made = target.with_suffix(f".{os.getpid()}")
        subprocess.run([os.environ.get("CC", "cc"), *FLAGS, "-o", made, *sources], check=True)  # noqa: S603
        made.replace(target)
    return target


class Load:
    """A generator at work on its core; a context manager that ends it."""

    def __init__(self, kind: str, options: Mapping[str, object]) -> None:
        """Prepare ``typing`` or ``swarm`` with these options."""
        self._command = [str(program("generator")), kind, *(f"{name}={value}" for name, value in options.items())]

    def __enter__(self) -> Self:
        """Start it."""
        with on_core(cores()[1]):
            self._process = subprocess.Popen(  # noqa: S603
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and wait for that."""
        self._process.kill()
        self._process.communicate()

    def events(self) -> Iterator[Event]:
        """Give its lines as they come."""
        for line in self._process.stdout or ():
            yield json.loads(line)

    def wait_for(self, name: str) -> Event:
        """Give the next event of that name; LoadError when it ends before."""
        for event in self.events():
            if event["event"] == name:
                return event
        said = self._process.stderr.read() if self._process.stderr else ""
        raise LoadError(said.strip() or f"the generator ended without {name}")
