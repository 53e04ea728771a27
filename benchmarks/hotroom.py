"""One note with many people in it: how much it holds, and what a delivery costs at a fixed load."""

from benchmarks.bench import Bench
from benchmarks.contestants import (
    FLOOR,
    HOCUSPOCUS,
    HOCUSPOCUS_SQLITE,
    PYCRDT,
    ROUTA,
    ROUTA_HOCUSPOCUS,
    Y_WEBSOCKET,
    Contestant,
)
from benchmarks.serving import Server
from benchmarks.typists import Crowd, Stretch, type_at

CLIENTS, TYPISTS = 200, 50
LIMIT = 100.0
"""The p99, in milliseconds, up to which a load counts as held."""
FIRST, LAST = 10_000.0, 10_240_001.0
"""Deliveries a second with which the ramp begins and at which it ends at the latest."""
STEP = 4.0
BISECTIONS = 4
"""How often the last step is halved, so that the result is known to 9 %."""
FIXED = 40_000.0


def _crowd(bench: Bench, deliveries: float) -> Crowd:
    return Crowd(1, CLIENTS, TYPISTS, deliveries / (CLIENTS - 1), seconds=bench.seconds, drain=3)


def capacity(bench: Bench) -> None:
    """Raise the offered load until it is not held, then look between the two."""
    for contestant in bench.among((ROUTA, ROUTA_HOCUSPOCUS, HOCUSPOCUS, HOCUSPOCUS_SQLITE, Y_WEBSOCKET, PYCRDT)):
        held, lost = 0.0, LAST
        rate = FIRST
        while rate < lost:
            held, lost = _try(bench, contestant, rate, held, lost)
            rate *= STEP
        for _ in range(0 if held == 0 else BISECTIONS - bench.quick):
            held, lost = _try(bench, contestant, (held * lost) ** 0.5, held, lost)
        bench.record("capacity", contestant.name, held=round(held), beyond=round(lost))


def _try(bench: Bench, contestant: Contestant, rate: float, held: float, lost: float) -> tuple[float, float]:
    """Give the highest load that was held, and the lowest that was not; what is not held is tried once more."""
    holds = _holds(bench, contestant, rate) or _holds(bench, contestant, rate)
    return (max(held, rate), lost) if holds else (held, min(lost, rate))


def _holds(bench: Bench, contestant: Contestant, rate: float) -> bool:
    stretch: Stretch | None = None
    with bench.server("capacity", contestant) as server:
        if server is not None:
            _warm_up(server)
            stretch = type_at(server, _crowd(bench, rate))
    if stretch is None:
        return False
    holds = stretch.right and float(stretch.event["p99"]) < LIMIT
    bench.record("ramp", contestant.name, offered=round(rate), holds=holds, **stretch.figures())
    return holds


def _warm_up(server: Server) -> None:
    """Let a server type a little, so that what it compiles or loads late does not count."""
    type_at(server, Crowd(1, 20, 10, 200.0, warm=0.2, seconds=0.5))


def fixed(bench: Bench) -> None:
    """Measure the CPU of a delivery, and p99, at 40,000 deliveries a second."""
    some = (ROUTA, ROUTA_HOCUSPOCUS, HOCUSPOCUS, HOCUSPOCUS_SQLITE, Y_WEBSOCKET, PYCRDT, FLOOR)
    for contestant in bench.among(some):
        for _ in range(1 if bench.quick else 2):
            with bench.server("fixed", contestant) as server:
                if server is not None:
                    _warm_up(server)
                    bench.record("fixed", contestant.name, **type_at(server, _crowd(bench, FIXED)).figures())
