"""The process above the server: it holds the port, starts the server, and starts it again when native code ended it.

It has loaded what the server needs and runs none of it: no event loop, no thread, no document. The server is a fork of
it, so a start after a crash costs no import, and meanwhile clients wait in the backlog of the port.
"""

import ctypes
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import NamedTuple

from server.culprit import Incident
from server.flightrecorder import FlightRecorder
from server.judgement import Judge
from server.watchdog import Watchdog

POLL = 0.5
"""Seconds between two looks at the server."""
STEADY = 60.0
"""Seconds that a server has to run until the next crash counts as the first again."""
REFUSED = 2
"""The exit status of a server that cannot start, having said why."""
_PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_STOPS = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG = 1


class Flight(NamedTuple):
    """What a server is told by its supervisor."""

    recorder: FlightRecorder
    incidents: tuple[Incident, ...] = ()
    """What earlier servers did not survive."""
    restarts: int = 0


def pause_before(crashes: int) -> float:
    """Give the seconds to wait before the next start, after so many crashes in a row."""
    return _PAUSES[min(crashes, len(_PAUSES)) - 1]


class Supervisor:
    """Starts one server at a time."""

    def __init__(
        self, recorder: FlightRecorder, tell: Callable[[str], None], patience: float = 15.0, *, lasting: bool = True
    ) -> None:
        """Make a supervisor.

        Args:
            recorder: the memory that it shares with the servers.
            tell: says one line to whoever runs it.
            patience: how many seconds a stop may take.
            lasting: whether what a server has put away is still there when it has ended.
        """
        self._recorder = recorder
        self._lasting = lasting
        self._tell = tell
        self._patience = patience
        self._judge = Judge(recorder)
        self._watchdog = Watchdog(recorder)
        self._restarts = 0
        self._crashes = 0
        self._stop_by: float | None = None
        self._inbox, self._outbox = socket.socketpair()
        self._times_ready = 0

    def run(self, port: socket.socket) -> Flight:
        """Keep a server running until it is asked to stop. Returns in the server; see ``Flight``.

        Args:
            port: what the server listens on.

        Raises:
            SystemExit: in the supervisor, at the end, with the status of the server.
        """
        for end in (self._inbox, self._outbox):
            end.setblocking(False)
        signal.set_wakeup_fd(self._outbox.fileno(), warn_on_full_buffer=False)
        for number in (*_STOPS, signal.SIGCHLD):
            signal.signal(number, _wake)
        while True:
            started = time.monotonic()
            child = self._fork()
            if child == 0:
                return Flight(self._recorder, tuple(self._judge.incidents), self._restarts)
            status = self._await(child, port)
            if time.monotonic() - started > STEADY:
                self._crashes = 0
            self._after(status)

    def _fork(self) -> int:
        """Fork; the server gets no signal before it has put away how the supervisor takes them."""
        us, self._times_ready = os.getpid(), self._recorder.times_ready
        self._watchdog.reset()
        sys.stdout.flush()
        sys.stderr.flush()
        signals = {*_STOPS, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        child = os.fork()
        if child == 0:
            signal.set_wakeup_fd(-1)
            for number in signals:
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            self._inbox.close()
            self._outbox.close()
            _die_with(us)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        return child

    def _await(self, child: int, port: socket.socket) -> int:
        """Wait for the end of a server; its status, as ``waitpid`` gives it."""
        while True:
            for number in self._signals(POLL):
                if number in _STOPS:
                    self._stop(child, number, port)
            status = _reap(child)
            if status is not None:
                return status
            self._look(child)

    def _signals(self, seconds: float) -> bytes:
        """Wait for signals, for so long at most."""
        select.select([self._inbox], [], [], seconds)
        try:
            return self._inbox.recv(64)
        except BlockingIOError:
            return b""

    def _stop(self, child: int, number: int, port: socket.socket) -> None:
        """Hand a signal on. The first Ctrl+C has come to the server from the terminal as well: it is not its second."""
        first = self._stop_by is None
        if self._stop_by is None:
            self._stop_by = time.monotonic() + self._patience
            port.close()
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM if first else number)

    def _look(self, child: int) -> None:
        """Kill a server that hangs."""
        late = self._stop_by is not None and time.monotonic() > self._stop_by
        hanging = self._watchdog.look()
        if late or hanging:
            self._judge.killed = hanging
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def _after(self, status: int) -> None:
        """End as the server did, or wait until it is time for the next one.

        Raises:
            SystemExit: it was asked to stop, or could not even start.
        """
        code = os.waitstatus_to_exitcode(status)
        ready = self._recorder.times_ready > 0
        if self._stop_by is not None or code == 0 or (code > 0 and not ready):
            raise SystemExit(code if code >= 0 else 128 - code)
        if self._lasting and self._recorder.times_ready > self._times_ready:
            self._judge.incidents.clear()  # this server has put them away
        self._crashes += 1
        self._restarts += 1
        seconds = pause_before(self._crashes)
        what = self._judge.judge(code)
        when = "now" if not seconds else f"in {seconds:g} s (crash {self._crashes} in a row)"
        self._tell(f"The server {what} It is started again {when}.")
        self._sleep(seconds)

    def _sleep(self, seconds: float) -> None:
        """Wait before the next start; a stop that is asked for meanwhile is one.

        Raises:
            SystemExit: it was.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if set(self._signals(left)) & set(_STOPS):
                raise SystemExit(0)


def _wake(number: int, frame: FrameType | None) -> None:
    """Let Python write the number of the signal where the supervisor reads it."""


def _reap(child: int) -> int | None:
    """Give the status of a server that has ended; as process 1 of a container, bury everybody else's children too."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 0
        if pid == child:
            return status
        if pid == 0:
            return None


def _die_with(parent: int) -> None:
    """End with the supervisor, however that ends: nobody would start this server again, and it holds the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
