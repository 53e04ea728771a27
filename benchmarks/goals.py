"""What is to be reached, and whether a run reached it."""

from collections.abc import Iterable
from statistics import median
from typing import NamedTuple

from benchmarks.contestants import (
    FLOOR,
    HOCUSPOCUS,
    HOCUSPOCUS_SQLITE,
    PYCRDT,
    PYCRDT_SQLITE,
    ROUTA,
    ROUTA_HOCUSPOCUS,
    Y_WEBSOCKET,
    Y_WEBSOCKET_LEVEL,
    Contestant,
)

Record = dict[str, object]
TIMES = "\N{MULTIPLICATION SIGN}"
OURS = (ROUTA, ROUTA_HOCUSPOCUS)


class Verdict(NamedTuple):
    """One goal: what was measured of us, what it is compared with, and whether that is enough."""

    goal: str
    ours: str
    compared: str
    met: bool | None
    """Nothing when one of the two was not measured."""


class Figures:
    """The records of a run, asked for by row and server."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = list(records)

    def all(self, row: str, server: Contestant, name: str, **having: object) -> list[float]:
        """Give a figure of each of the server's records of that row that are without faults."""
        return [
            float(str(record[name]))
            for record in self._records
            if (record["row"], record["server"]) == (row, server.name)
            and name in record
            and not record.get("faults")
            and all(record.get(key) == value for key, value in having.items())
        ]

    def one(self, row: str, server: Contestant, name: str, **having: object) -> float | None:
        """Give the median of them; nothing when there is none."""
        found = self.all(row, server, name, **having)
        return median(found) if found else None


def verdicts(records: Iterable[Record]) -> list[Verdict]:
    """Judge a run, goal by goal."""
    figures = Figures(records)
    return [verdict for ours in OURS for verdict in _of(figures, ours)] + _of_postgres(figures)


def _of(figures: Figures, ours: Contestant) -> list[Verdict]:
    return [
        *(
            _at_least(figures, ours, f"{factor} {TIMES} {peer.name}", factor, peer)
            for peer, factor in ((HOCUSPOCUS, 4), (Y_WEBSOCKET, 40), (PYCRDT, 300))
        ),
        *(
            _at_most(
                figures,
                ours,
                "CPU a delivery, room of 200 at 40 k/s",
                ("fixed", "micros_per_delivery", "µs"),
                factor,
                [peer],
            )
            for peer, factor in ((HOCUSPOCUS, 0.5), (Y_WEBSOCKET, 0.7), (FLOOR, 1.5))
        ),
        _at_most(figures, ours, "p99 there", ("fixed", "p99", "ms"), 0.5, [HOCUSPOCUS]),
        _at_most(
            figures,
            ours,
            "CPU of 1,000 rooms of 2, 2 edits/s each",
            ("pairs", "cpu_share", "cores"),
            0.6,
            [HOCUSPOCUS_SQLITE],
        ),
        _below(
            figures,
            ours,
            "edit to durable acknowledgement, SQLite, p99",
            ("acknowledgement", "ack_p99", "ms"),
            25,
            store="SQLite",
        ),
        _at_most(
            figures,
            ours,
            "cold open of the paper",
            ("opening", "cold", "ms"),
            0.5,
            [HOCUSPOCUS_SQLITE, Y_WEBSOCKET_LEVEL, PYCRDT_SQLITE],
        ),
        _same(figures, ours),
        _below(figures, ours, "CPU of coming back, 10 updates behind", ("coming back", "milliseconds_of_cpu", "ms"), 2),
        _disk(figures, ours),
        _at_most(
            figures, ours, "200 clients back after a restart", ("restart", "milliseconds", "ms"), 1.0, [Y_WEBSOCKET]
        ),
        _below(
            figures,
            ours,
            "acknowledged and lost after kill -9",
            ("killed", "lost_acknowledged", "edits"),
            0,
            worst=True,
        ),
        _below(
            figures,
            ours,
            "oldest edit lost after kill -9",
            ("killed", "oldest_lost_milliseconds", "ms"),
            25,
            worst=True,
        ),
        *(_compacting(figures, ours) if ours is ROUTA else ()),
        _below(figures, ours, "memory of an idle connection", ("memory", "idle_connection_kib", "KiB"), 12),
        _below(figures, ours, "memory of an open small note", ("memory", "open_note_kib", "KiB"), 20),
    ]


def _of_postgres(figures: Figures) -> list[Verdict]:
    row = ("acknowledgement", "ack_p99", "ms")
    goal = "edit to durable acknowledgement, Postgres, p99"
    return [_below(figures, ours, goal, row, 25, store="Postgres") for ours in OURS]


def _named(ours: Contestant, goal: str) -> str:
    return f"{goal} ({ours.name.partition(', ')[2]})"


def _at_least(figures: Figures, ours: Contestant, what: str, factor: float, peer: Contestant) -> Verdict:
    goal = _named(ours, f"capacity of a room of 200: ≥ {what}")
    held, other = figures.one("capacity", ours, "held"), figures.one("capacity", peer, "held")
    if held is None or other is None:
        return Verdict(goal, _number(held, "/s"), _number(other, "/s"), None)
    ratio = f"{held / other:.1f} {TIMES} {_number(other, '/s')}" if other else "0 /s"
    return Verdict(goal, _number(held, "/s"), ratio, held >= factor * other)


def _at_most(
    figures: Figures, ours: Contestant, what: str, row: tuple[str, str, str], factor: float, peers: list[Contestant]
) -> Verdict:
    name, figure, unit = row
    found = {peer.name: value for peer in peers if (value := figures.one(name, peer, figure)) is not None}
    mine = figures.one(name, ours, figure)
    goal = _named(ours, f"{what}: ≤ {factor:g} {TIMES} {peers[0].name if len(peers) == 1 else 'the best peer'}")
    if mine is None or not found:
        return Verdict(goal, _number(mine, unit), "not measured", None)
    best = min(found, key=lambda peer: found[peer])
    compared = f"{mine / found[best]:.2f} {TIMES} {_number(found[best], unit)} ({best})"
    return Verdict(goal, _number(mine, unit), compared, mine <= factor * found[best])


def _below(
    figures: Figures,
    ours: Contestant,
    what: str,
    row: tuple[str, str, str],
    limit: float,
    *,
    worst: bool = False,
    **having: object,
) -> Verdict:
    name, figure, unit = row
    found = figures.all(name, ours, figure, **having)
    goal = _named(ours, f"{what}: ≤ {limit:g} {unit}")
    if not found:
        return Verdict(goal, "not measured", "", None)
    mine = max(found) if worst else median(found)
    return Verdict(goal, _number(mine, unit), f"{limit:g} {unit}", mine <= limit)


def _same(figures: Figures, ours: Contestant) -> Verdict:
    sent, difference = (figures.one("coming back", ours, name) for name in ("bytes_sent", "difference"))
    goal = _named(ours, "bytes sent to one who is 10 updates behind: the difference alone")
    met = None if sent is None or difference is None else sent <= difference
    return Verdict(goal, _number(sent, "bytes"), _number(difference, "bytes"), met)


def _disk(figures: Figures, ours: Contestant) -> Verdict:
    disk, encoded = (figures.one("opening", ours, name) for name in ("note_on_disk", "encoded"))
    goal = _named(ours, f"the paper on disk after compaction: ≤ 1.1 {TIMES} its encoded state")
    if disk is None or encoded is None:
        return Verdict(goal, _number(disk, "bytes"), _number(encoded, "bytes"), None)
    return Verdict(
        goal, _number(disk, "bytes"), f"{disk / encoded:.2f} {TIMES} {encoded:,.0f} bytes", disk <= 1.1 * encoded
    )


def _compacting(figures: Figures, ours: Contestant) -> list[Verdict]:
    without, beside = (figures.one("compacting", ours, "p99", folds=folds) for folds in (False, True))
    goal = _named(ours, "p99 of typing in 5 MB while its log is folded: ≤ 10 ms more than without")
    met = None if without is None or beside is None else beside <= without + 10
    return [Verdict(goal, _number(beside, "ms"), _number(without, "ms"), met)]


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    return f"{value:,.0f} {unit}" if value >= 1000 or value == round(value) else f"{value:.3g} {unit}"
