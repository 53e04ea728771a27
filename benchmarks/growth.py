"""How costs grow with the size of a note, the clients in it, and the number of notes."""

import statistics

from benchmarks.bench import Bench
from benchmarks.contestants import HOCUSPOCUS_SQLITE, ROUTA
from benchmarks.guest import Guest
from benchmarks.load import Load
from benchmarks.notes import fill, open_twice, settle
from benchmarks.serving import Server
from benchmarks.traces import note
from benchmarks.typists import Crowd, type_at

COMPARED = (ROUTA, HOCUSPOCUS_SQLITE)
TURN = 1000


def growth(bench: Bench) -> None:
    """Measure all three."""
    for contestant in bench.among(COMPARED):
        for edits in (1_000, 10_000, 100_000) if bench.quick else (1_000, 10_000, 100_000, 300_000, 1_000_000):
            with bench.server("growth", contestant) as server:
                if server is not None:
                    bench.record("growth", contestant.name, by="edits", of=edits, **_with_edits(bench, server, edits))
        for clients in (2, 10, 100, 1000):
            with bench.server("growth", contestant) as server:
                if server is not None:
                    bench.record(
                        "growth", contestant.name, by="clients", of=clients, **_many(bench, server, 1, clients)
                    )
        for rooms in (1, 10, 100, 1000) if bench.quick else (1, 10, 100, 1000, 10_000):
            with bench.server("growth", contestant) as server:
                if server is not None:
                    bench.record("growth", contestant.name, by="rooms", of=rooms, **_many(bench, server, rooms, 1))


def _with_edits(bench: Bench, server: Server, edits: int) -> dict[str, object]:
    whole = note(edits)
    text = whole.text()
    fill(server, "large", whole, TURN)
    opened = []
    for _ in range(3):
        server.kill()
        server.start()
        opened.append(open_twice(server, "large", text)[0])
    server.kill()
    server.start()
    with Guest(server, "warm") as guest:
        guest.until(guest.synced)
    settle(server)
    before = server.memory_bytes()
    with Guest(server, "large") as guest:
        guest.until(guest.synced)
        settle(server)
        grown = server.memory_bytes() - before
    stretch = type_at(server, Crowd(1, 5, 2, 100.0, seconds=bench.seconds), room="large")
    return {
        "open_milliseconds": round(statistics.median(opened), 2),
        "memory_kib": round(grown / 1024),
        "micros_per_edit": round(stretch.micros_per_edit, 1),
        "faults": list(stretch.faults),
    }


def _many(bench: Bench, server: Server, rooms: int, clients: int) -> dict[str, object]:
    """Let one person type in each note; 50 edits a second in a note with many clients, 500 over many notes."""
    settle(server)
    before = server.memory_bytes()
    options = {"rooms": rooms, "clients": clients, "addresses": max(1, rooms * clients // 100)}
    with Load("swarm", {**options, **server.target("many")}) as load:
        event = load.wait_for("synced")
        settle(server)
        grown = server.memory_bytes() - before
    rate = 50.0 if rooms == 1 else 500.0
    warm = max(2.0, 1.5 * rooms / rate)
    stretch = type_at(server, Crowd(rooms, clients, 1, rate, warm=warm, seconds=bench.seconds))
    return {
        "open_milliseconds": round(float(event["all"]) / (rooms * clients), 3),
        "memory_kib": round(grown / 1024 / (rooms * clients), 1),
        "micros_per_edit": round(stretch.micros_per_edit, 1),
        "micros_per_delivery": round(stretch.micros_per_delivery, 2),
        "faults": list(stretch.faults),
    }
