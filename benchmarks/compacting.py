"""Typing in a large note while its log is folded, and while it is not."""

import re
import urllib.request

from benchmarks.bench import Bench
from benchmarks.contestants import ROUTA
from benchmarks.guest import UPDATE, Guest
from benchmarks.notes import settle, write
from benchmarks.serving import Server
from benchmarks.traces import note
from benchmarks.typists import Crowd, type_at
from tests.crdt.typist import Typist

EDITS = 1_000_000
PASTED = 4 * 1024 * 1024
"""Bytes of text beside what was typed: five megabytes in all."""
RATE = 200.0
NEVER = 10**9


def compacting(bench: Bench) -> None:
    """Measure the delay of typing in a note of five megabytes, without compaction and with one every few seconds."""
    edits = EDITS // 10 if bench.quick else EDITS
    for contestant in bench.among((ROUTA,)):
        for rows in (NEVER, 100):
            limits = {"ROUTA_COMPACT_UPDATES": str(rows), "ROUTA_COMPACT_BYTES": str(NEVER)}
            with bench.server("compacting", contestant, **limits) as server:
                if server is not None:
                    figures = _type(bench, server, edits)
                    bench.record("compacting", contestant.name, folds=rows != NEVER, **figures)


def _type(bench: Bench, server: Server, edits: int) -> dict[str, object]:
    write(server, "large", note(edits), 10_000)
    with Guest(server, "large") as guest:
        guest.until(guest.synced)
        guest.sync(UPDATE, Typist(77).type("x" * PASTED))
        settle(server)
        before = _compactions(server)
        stretch = type_at(server, Crowd(1, 5, 2, RATE, seconds=8 * bench.seconds), room="large")
        return {"compactions": _compactions(server) - before, **stretch.figures()}


def _compactions(server: Server) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        found = re.search(r"^routa_\w*compactions_total (\d+)", answer.read().decode(), re.MULTILINE)
    return 0 if found is None else int(found[1])
