"""What happens when a server is killed: how soon everybody is back, and what of the edits is left."""

import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench import Bench
from benchmarks.contestants import (
    HOCUSPOCUS,
    HOCUSPOCUS_SQLITE,
    PYCRDT_SQLITE,
    ROUTA,
    ROUTA_HOCUSPOCUS,
    Y_WEBSOCKET,
    Y_WEBSOCKET_LEVEL,
)
from benchmarks.guest import Guest
from benchmarks.load import Load
from benchmarks.notes import settle, vector_file
from benchmarks.serving import Server
from benchmarks.streams import streams
from benchmarks.traces import note

CLIENTS, EDITS = 200, 5_000
ROOMS, RATE = 100, 2000.0


def everybody_back(bench: Bench) -> None:
    """Kill what serves a note with 200 people in it, and measure the time until all are synced again."""
    small = note(EDITS)
    for contestant in bench.among((ROUTA, ROUTA_HOCUSPOCUS, HOCUSPOCUS, HOCUSPOCUS_SQLITE, Y_WEBSOCKET)):
        took, after_first = [], []
        for _ in range(bench.rounds):
            with TemporaryDirectory() as folder, bench.server("restart", contestant) as server:
                if server is None:
                    continue
                state = Path(folder, "state")
                state.write_bytes(small.state)
                options = {"clients": CLIENTS, "addresses": 4, "comes_back": 1, "at_once": CLIENTS, "state": state}
                with Load(
                    "swarm", {**options, "state_vector": vector_file(small, Path(folder)), **server.target("back")}
                ) as load:
                    load.wait_for("synced")
                    settle(server)
                    server.crash()
                    event = load.wait_for("synced")
                took.append(float(event["all"]))
                after_first.append(float(event["since_first_open"]))
        if took:
            bench.record(
                "restart",
                contestant.name,
                milliseconds=round(statistics.median(took), 1),
                after_the_first_connect=round(statistics.median(after_first), 1),
                all_rounds=[round(each, 1) for each in took],
            )


def killed(bench: Bench) -> None:
    """Kill a server to which 2,000 edits a second are typed, start it again, and look what is there."""
    storing = (ROUTA, ROUTA_HOCUSPOCUS, HOCUSPOCUS_SQLITE, Y_WEBSOCKET_LEVEL, PYCRDT_SQLITE)
    for contestant in bench.among(storing):
        for _ in range(1 if bench.quick else 3):
            with TemporaryDirectory() as folder, bench.server("killed", contestant) as server:
                if server is not None:
                    figures = _kill(server, Path(folder, "ledger"))
                    bench.record("killed", contestant.name, **figures)


def _kill(server: Server, ledger: Path) -> dict[str, object]:
    options: dict[str, object] = {
        "rooms": ROOMS,
        "clients": 2,
        "typists": 1,
        "rate": RATE,
        "warm": 1,
        "seconds": 30,
        "drain": 1,
    }
    options |= {"streams": streams(1, 700), "acknowledgement": server.contestant.acknowledgement, "ledger": ledger}
    with Load("typing", {**options, **server.target("killed")}) as load:
        load.wait_for("begin")
        time.sleep(3)
        at = time.monotonic()
        server.kill()
        load.wait_for("result")
    server.start()
    told = json.loads(ledger.read_text())
    lost_acknowledged, oldest, lost = 0, 0.0, 0
    for room, _typist, sent, acknowledged in told["typists"]:
        kept = _kept(server, room, sent)
        lost += sent - kept
        lost_acknowledged += max(0, acknowledged - kept)
        if kept < sent:
            due = told["start"] + (kept * ROOMS + room) * told["interval"]
            oldest = max(oldest, 1000 * (at - due))
    return {"lost_acknowledged": lost_acknowledged, "lost": lost, "oldest_lost_milliseconds": round(oldest, 1)}


def _kept(server: Server, room: int, sent: int) -> int:
    """Give how many edits of a note are there; a server that says synced too early gets a moment."""
    by = time.perf_counter() + 0.2
    with Guest(server, "killed", room) as guest:
        guest.until(lambda: guest.synced() and (len(guest.text()) == sent or guest.nothing_until(by)))
        return len(guest.text())
