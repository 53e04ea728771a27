"""The real server as a process that tests start, kill and start again."""

import atexit
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PROJECT = Path(__file__).parents[1]
LINK = re.compile(r"http://127\.0\.0\.1:(\d+)")
_running: "weakref.WeakSet[ServerProcess]" = weakref.WeakSet()


class ServerError(Exception):
    """The server ended, or did not print its link in time."""


class ServerProcess:
    """One server on a free port of 127.0.0.1; a context manager that leaves no process behind.

    The store is what ``environment`` and ``data_dir`` say, nothing else: ``DATABASE_URL`` and ``ROUTA_*`` of this
    process are not handed on. Without ``ROUTA_AUTH`` in the environment it asks for no tokens.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        data_dir: Path | None = None,
        port: int = 0,
        arguments: Sequence[str] = (),
        seconds: float = 60,
    ) -> None:
        """Prepare a server; entering the context starts it. It may take ``seconds`` to print its link."""
        self.environment = dict(environment or {})
        self.data_dir = data_dir
        self.port = port
        self.arguments = tuple(arguments)
        self.banner = ""
        self._seconds = seconds
        self._process: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="routa-server-")
        self._stderr = Path(self._folder.name, "stderr")
        self._shown = 0

    def __enter__(self) -> Self:
        """Start the server and wait for its link."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the server, whatever state it is in."""
        self.kill9()
        self._folder.cleanup()

    @property
    def url(self) -> str:
        """The address of the server, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        """The address that a y-websocket provider is given as its server URL."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def hocuspocus_url(self) -> str:
        """The address that a Hocuspocus provider is given."""
        return f"ws://127.0.0.1:{self.port}/hocuspocus"

    @property
    def pid(self) -> int:
        """The process id of what was started: with a supervisor, of that."""
        return self._current().pid

    @property
    def worker(self) -> int | None:
        """The process id of the server below its supervisor; nothing while there is none."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return int(children[0]) if children else None

    @property
    def server_pid(self) -> int:
        """The process id of the server itself, whether there is a supervisor above it or not."""
        return self.worker or self.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def stderr(self) -> str:
        """Everything the server wrote to standard error so far, over all restarts."""
        return self._stderr.read_text(errors="replace") if self._stderr.exists() else ""

    def new_stderr(self) -> str:
        """Return what came to standard error since this was asked last."""
        text = self.stderr
        new, self._shown = text[self._shown :], len(text)
        return new

    def start(self) -> None:
        """Start the server, on the port it had before if it ran before; ServerError when no link appears."""
        with self._stderr.open("a") as stderr:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self._folder.name,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        _running.add(self)
        try:
            self._await_link()
        except BaseException:
            self.kill9()
            raise

    def kill9(self) -> None:
        """Kill the server and all it started, with SIGKILL; nothing happens when it does not run."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._forget()

    def terminate(self, seconds: float = 15) -> int:
        """Send SIGTERM and return the exit status; subprocess.TimeoutExpired when it takes longer than ``seconds``."""
        process = self._current()
        process.terminate()
        status = process.wait(seconds)
        self._forget()
        return status

    def restart(self) -> None:
        """Start again on the same port and store, after a kill if it still runs."""
        self.kill9()
        self.start()

    def _current(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise ServerError("the server does not run")
        return self._process

    def _forget(self) -> None:
        self._process = None
        _running.discard(self)

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "server.cli", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += self.arguments
        return command if self.data_dir is None else [*command, "--data-dir", str(self.data_dir)]

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ROUTA_")}
        ours.pop("DATABASE_URL", None)
        plain = {"PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1", "ROUTA_AUTH": "off"}
        return ours | plain | self.environment

    def _await_link(self) -> None:
        process = self._current()
        told = threading.Event()
        lines: list[str] = []
        # The thread reads on until the end, so that a server that prints much never blocks on a full pipe.
        threading.Thread(target=self._drain, args=(process, lines, told), daemon=True).start()
        in_time = told.wait(self._seconds)
        self.banner = "".join(lines)
        link = LINK.search(self.banner)
        if link is None:
            why = "ended without a link" if in_time else f"printed no link within {self._seconds} s"
            raise ServerError(f"the server {why}: {self.banner}{self.new_stderr()}")
        self.port = int(link[1])

    @staticmethod
    def _drain(process: subprocess.Popen[str], lines: list[str], told: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                lines.append(line)
                if LINK.search(line):
                    told.set()
        told.set()


@atexit.register
def _end_all() -> None:
    """End what an interrupted test run left behind."""
    for server in list(_running):
        server.kill9()
