"""Many notes at once: what they cost, and how soon an edit is durable."""

import sqlite3
import time

from benchmarks.bench import Bench
from benchmarks.contestants import (
    HOCUSPOCUS,
    HOCUSPOCUS_SQLITE,
    PYCRDT,
    ROUTA,
    ROUTA_HOCUSPOCUS,
    Y_WEBSOCKET,
)
from benchmarks.guest import Guest
from benchmarks.serving import Server
from benchmarks.typists import Crowd, type_at
from tests.crdt.typist import Typist
from tests.postgres import Postgres


def pairs(bench: Bench) -> None:
    """Measure the CPU of 1,000 notes with two people in each, each of whom types twice a second."""
    rooms = 200 if bench.quick else 1000
    crowd = Crowd(rooms, 2, 2, 4.0 * rooms, warm=2, seconds=2 * bench.seconds)
    for contestant in bench.among((ROUTA, ROUTA_HOCUSPOCUS, HOCUSPOCUS, HOCUSPOCUS_SQLITE, Y_WEBSOCKET, PYCRDT)):
        with bench.server("pairs", contestant) as server:
            if server is not None:
                bench.record("pairs", contestant.name, rooms=rooms, **type_at(server, crowd).figures())


def acknowledgement(bench: Bench) -> None:
    """Measure the time from an edit to its acknowledgement, at 2,000 edits a second over 100 notes."""
    crowd = Crowd(100, 2, 1, 2000.0, warm=2, seconds=2 * bench.seconds, acknowledged=True)
    for contestant in bench.among((ROUTA, ROUTA_HOCUSPOCUS)):
        with bench.server("acknowledgement", contestant) as server:
            if server is not None:
                figures = type_at(server, crowd).figures()
                bench.record("acknowledgement", contestant.name, store="SQLite", **figures)
        with Postgres(durable=True) as postgres:
            url = postgres.url(postgres.create(migrated=True))
            with bench.server("acknowledgement", contestant, DATABASE_URL=url) as server:
                if server is not None:
                    figures = type_at(server, crowd).figures()
                    bench.record("acknowledgement", contestant.name, store="Postgres", **figures)
    for contestant in bench.among((HOCUSPOCUS_SQLITE,)):
        with bench.server("stored", contestant) as server:
            if server is not None:
                bench.record("stored", contestant.name, milliseconds=round(_until_stored(server), 1))


def _until_stored(server: Server) -> float:
    """Milliseconds from one edit to the row of its note in Hocuspocus' database."""
    with Guest(server, "stored") as guest:
        guest.until(guest.synced)
        guest.sync(2, Typist(77).type("x"))
        started = time.perf_counter()
        database = sqlite3.connect(f"file:{server.folder}/hocuspocus.db?mode=ro", uri=True)
        while time.perf_counter() < started + 20:
            if database.execute("SELECT count(*) FROM documents WHERE length(data) > 2").fetchone()[0]:
                break
            time.sleep(0.005)
        database.close()
        return 1000 * (time.perf_counter() - started)
