"""A large note: how soon it is there, what coming back to it costs, and how much room it takes."""

import statistics
import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.contestants import (
    HOCUSPOCUS_SQLITE,
    PYCRDT_SQLITE,
    ROUTA,
    ROUTA_HOCUSPOCUS,
    Y_WEBSOCKET_LEVEL,
)
from benchmarks.guest import UPDATE, Guest, GuestError, finds_text
from benchmarks.serving import Server
from benchmarks.traces import Note, merged, note

EDITS = 259_778
"""All of the paper."""
TURN = 1000
"""How many edits go into one message while a note is filled."""
STORING = (ROUTA, ROUTA_HOCUSPOCUS, HOCUSPOCUS_SQLITE, Y_WEBSOCKET_LEVEL, PYCRDT_SQLITE)
QUIET, PATIENCE = 0.02, 60.0
"""Up to this share of a core a server counts as done; how long it may take, in seconds."""


def fill(server: Server, room: str, whole: Note, turn: int = TURN) -> None:
    """Type a note, stop the server so that it puts it away, and start it again."""
    write(server, room, whole, turn)
    server.stop()
    server.start()


def write(server: Server, room: str, whole: Note, turn: int = TURN) -> None:
    """Type a note, and wait until the server has done with it what it will."""
    with Guest(server, room) as guest:
        guest.until(guest.synced)
        for update in merged(whole, turn):
            guest.sync(UPDATE, update)
            guest.hear_what_is_there()
        finds_text(server, room, whole.text(), PATIENCE)
        settle(server)


def _fill_and_weigh(server: Server, whole: Note) -> int:
    """Type the paper; how many bytes more the server's files hold then."""
    with Guest(server, "warm") as guest:
        guest.until(guest.synced)
    settle(server)
    server.stop()
    before = server.used_bytes()
    server.start()
    write(server, "paper", whole)
    server.stop()
    return server.used_bytes() - before


def settle(server: Server) -> None:
    """Wait until a server has nothing left to do, and its files do not change."""
    by, quiet = time.monotonic() + PATIENCE, 0
    while time.monotonic() < by and quiet < 4:
        before = server.cpu_seconds(), server.stored_bytes()
        time.sleep(0.4)
        rests = server.cpu_seconds() - before[0] < 0.4 * QUIET and server.stored_bytes() == before[1]
        quiet = quiet + 1 if rests else 0


def opening(bench: Bench) -> None:
    """Measure the time from the connect to the whole text: just after a start, and when somebody has the note open."""
    whole = note(EDITS)
    text = whole.text()
    for contestant in bench.among(STORING):
        with bench.server("opening", contestant) as server:
            if server is None:
                continue
            disk = _fill_and_weigh(server, whole)
            cold, warm = [], []
            for _ in range(bench.rounds):
                server.kill()
                server.start()
                first, second = open_twice(server, "paper", text)
                cold.append(first)
                if second is None:
                    break
                warm.append(second)
            bench.record(
                "opening",
                contestant.name,
                cold=round(statistics.median(cold), 2),
                warm=round(statistics.median(warm), 2) if warm else "never whole",
                note_on_disk=disk,
                encoded=len(whole.state),
                all_cold=[round(each, 2) for each in cold],
            )


def open_twice(server: Server, room: str, text: str) -> tuple[float, float | None]:
    """Give the milliseconds until the text is there for the first who comes, and for the second, if ever."""
    for _ in range(3):  # what a server loads late is not the note's cost
        with Guest(server, "warm") as guest:
            guest.until(guest.synced)
    with Guest(server, room) as first:
        cold = first.until(lambda: first.synced() and first.text() == text)
        try:
            with Guest(server, room) as second:
                return cold, second.until(lambda: second.synced() and second.text() == text)
        except GuestError:
            return cold, None


def coming_back(bench: Bench) -> None:
    """Measure what it costs that one who is ten updates behind comes back."""
    whole, times = note(EDITS), 20 if bench.quick else 100
    difference = len(whole.document().get_update(whole.behind))
    for contestant in bench.among(STORING):
        with bench.server("coming back", contestant) as server:
            if server is None:
                continue
            fill(server, "paper", whole)
            with Guest(server, "paper") as stays:
                stays.until(lambda: stays.synced() and stays.text() == whole.text())
                before = server.cpu_seconds()
                sent = [_come_back(server, whole) for _ in range(times)]
                cpu = server.cpu_seconds() - before
            bench.record(
                "coming back",
                contestant.name,
                milliseconds_of_cpu=round(1000 * cpu / times, 3),
                bytes_sent=round(statistics.median(sent)),
                difference=difference,
            )


def _come_back(server: Server, whole: Note) -> int:
    with Guest(server, "paper", vector=whole.behind) as guest:
        guest.until(guest.synced)
        return guest.bytes_of_sync


def vector_file(whole: Note, folder: Path) -> Path:
    """Write the state vector of a note where the generator can read it."""
    file = folder / "vector"
    file.write_bytes(whole.document().get_state())
    return file
