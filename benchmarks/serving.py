"""A server that runs for a measurement, with a folder of its own for its data."""

import os
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.contestants import Contestant
from benchmarks.machine import cores, cpu_seconds, memory_bytes, on_core, tree

START_SECONDS = 60.0


class ServerError(Exception):
    """A server did not start."""


@dataclass
class Server:
    """A contestant that runs, on its core, with an empty folder for its data; a context manager that ends it."""

    contestant: Contestant
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0

    def __enter__(self) -> Self:
        """Start it, and wait until it listens."""
        self._folder = tempfile.TemporaryDirectory(prefix="routa-bench-")
        self.folder = Path(self._folder.name)
        self.port = self.port or _free_port()
        try:
            self.start()
        except BaseException:
            self.kill()
            self._folder.cleanup()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill it, and delete its data."""
        self.kill()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """The process that was started; what it started is below it."""
        return self._process.pid

    def start(self) -> None:
        """Start it on the data and the port that it had."""
        with on_core(cores()[0]), (self.folder / "stderr").open("a") as stderr:
            self._process = subprocess.Popen(  # noqa: S603
                self.contestant.command(self.port, self.folder),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=stderr,
                stderr=stderr,
                start_new_session=True,
            )
        self._await_port()

    def kill(self) -> None:
        """Kill it and what it started, at once."""
        if hasattr(self, "_process"):
            below = tree(self.pid)[1:]
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
            _await_end(below)

    def stop(self, seconds: float = 20) -> None:
        """Ask it to end, and wait for that; kill it when it takes longer."""
        below = tree(self.pid)[1:]
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()
        _await_end(below)

    def crash(self) -> None:
        """Kill what serves, and have it started again: by its supervisor, or else at once by us."""
        if self.contestant.supervised:
            os.kill(tree(self.pid)[-1], signal.SIGKILL)
        else:
            self.kill()
            self.start()

    def said(self) -> str:
        """Give the end of what it printed."""
        return (self.folder / "stderr").read_text(errors="replace")[-4000:]

    def cpu_seconds(self) -> float:
        """Seconds of CPU that it used so far, with all its processes."""
        return cpu_seconds(self.pid)

    def memory_bytes(self) -> int:
        """Bytes of memory that it uses, with all its processes."""
        return memory_bytes(self.pid)

    def stored_bytes(self) -> int:
        """Bytes of the files that it keeps."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file() and file.name != "stderr")

    def used_bytes(self) -> int:
        """Bytes of its files that hold something: of an SQLite database, the pages that are in use. It must not run."""
        files = [file for file in self.folder.rglob("*") if file.is_file() and file.name != "stderr"]
        return sum(_used_pages(file) if file.suffix == ".db" else file.stat().st_size for file in files)

    def target(self, room: str) -> dict[str, object]:
        """Give the generator's options for notes on it."""
        return {"port": self.port, **self.contestant.room(room)}

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("ROUTA_", "DATABASE_URL"))}
        return {**ours, **self.contestant.environment(self.port, self.folder), **self.environment}

    def _await_port(self) -> None:
        by = time.monotonic() + START_SECONDS
        while time.monotonic() < by and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.005)
        raise ServerError(f"{self.contestant.name} did not start: {self.said()}")


def _used_pages(file: Path) -> int:
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages, free, size = (
            database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def _await_end(processes: list[int]) -> None:
    """Wait until processes are gone, with all their threads: until then they hold the port."""
    while any(map(_lives, processes)):
        time.sleep(0.002)


def _lives(pid: int) -> bool:
    try:
        states = [
            (task / "stat").read_text().rpartition(")")[2].split()[0] for task in Path(f"/proc/{pid}/task").iterdir()
        ]
    except OSError:
        return Path(f"/proc/{pid}").exists()
    return any(state not in "ZX" for state in states)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
