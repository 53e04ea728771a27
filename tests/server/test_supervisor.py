"""The supervisor as a process, with a server that does what a test wants; the real server's are in tests/faults."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.supervisor import pause_before
from tests.server_process import PROJECT

SCRIPT = """
import os, signal, socket, sys, time
from server import supervisor
from server.flightrecorder import Doing, FlightRecorder
from server.supervisor import Supervisor
supervisor._PAUSES = (0.0, 0.01, 0.02)
recorder = FlightRecorder(1024)
def tell(line):
    print(line, flush=True)
port = socket.create_server(("127.0.0.1", 0))
flight = Supervisor(recorder, tell, patience=PATIENCE, lasting=LASTING).run(port)
def ready():
    recorder.ready()
    print("up", flight.restarts, os.getpid(), [one.record.mark for one in flight.incidents], flush=True)
"""


@contextmanager
def supervised(
    body: str, *, patience: float = 20, lasting: bool = True, stdin: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    script = SCRIPT.replace("PATIENCE", str(patience)).replace("LASTING", str(lasting)) + body
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        stdin=stdin,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(count)]


WAIT = "ready()\nwhile True: time.sleep(1)\n"
CATCH = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"


def test_pauses_grow_up_to_half_a_minute() -> None:
    assert [pause_before(crashes) for crashes in range(1, 10)] == [0, 0.5, 1, 2, 4, 8, 15, 30, 30]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_handed_on_and_its_status_back(number: signal.Signals) -> None:
    with supervised(CATCH + WAIT) as process:
        lines(process, 1)
        process.send_signal(number)
        assert process.wait(30) == 0


def test_it_works_without_standard_input() -> None:
    with supervised(CATCH + WAIT, stdin=subprocess.DEVNULL) as process:
        lines(process, 1)
        process.terminate()
        assert process.wait(30) == 0


def test_a_server_that_crashes_is_started_again_and_told_what_it_did() -> None:
    crash = "recorder.begin(Doing.RECEIVE, b'mark', b'')\nos.abort()\n"
    body = f"ready()\nif flight.restarts < 3:\n    {crash.replace(chr(10), chr(10) + '    ')}\nsys.exit(0)\n"
    with supervised(body) as process:
        told = lines(process, 7)
        assert process.wait(30) == 0
    assert "SIGABRT" in told[1]
    assert "now" in told[1]
    assert "in 0.01 s (crash 2 in a row)" in told[3]
    assert [line.split()[:2] for line in told[::2]] == [["up", str(number)] for number in range(4)]
    # What one server was told, it has put away: the next hears only of the crash of that one.
    assert [line.count("mark") for line in told[::2]] == [0, 1, 1, 1]


def test_where_nothing_lasts_every_server_is_told_everything() -> None:
    crash = "recorder.begin(Doing.RECEIVE, str(flight.restarts).encode(), b'')\n    os.abort()"
    body = f"ready()\nif flight.restarts < 2:\n    {crash}\nsys.exit(0)\n"
    with supervised(body, lasting=False) as process:
        assert lines(process, 5)[-1].endswith("[b'0', b'1']")
        assert process.wait(30) == 0


@pytest.mark.parametrize("status", [1, 2])
def test_a_server_that_cannot_start_is_not_started_again(status: int) -> None:
    with supervised(f"sys.exit({status})\n") as process:
        assert process.wait(30) == status
        assert process.stdout is not None
        assert process.stdout.read() == ""


def test_a_server_that_ran_and_then_cannot_start_is_tried_again() -> None:
    body = "if flight.restarts == 0:\n    ready()\n    os.abort()\nif flight.restarts < 3:\n    sys.exit(2)\n"
    with supervised(body + "ready()\nsys.exit(0)\n") as process:
        told = lines(process, 5)
        assert process.wait(30) == 0
    assert "ended with status 2" in told[2]
    assert told[4].startswith("up 3")


def test_a_server_that_does_not_stop_is_killed() -> None:
    with supervised("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAIT, patience=0.1) as process:
        lines(process, 1)
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGKILL


def test_a_stop_while_it_waits_is_a_stop() -> None:
    with supervised("ready()\nos.abort()\n") as process:
        lines(process, 6)
        process.terminate()
        assert process.wait(30) in (0, 128 + signal.SIGTERM)


def test_the_server_does_not_outlive_its_supervisor() -> None:
    with supervised(WAIT) as process:
        server = int(lines(process, 1)[0].split()[2])
        process.kill()
        assert process.stdout is not None
        assert process.stdout.read() == ""  # its other end is closed once the server is gone
        assert not Path(f"/proc/{server}/fd/1").exists()
