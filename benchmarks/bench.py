"""What every measurement is given: which servers, how long, and where its figures go."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.contestants import Contestant
from benchmarks.guest import GuestError
from benchmarks.load import LoadError
from benchmarks.serving import Server, ServerError


@dataclass
class Bench:
    """A run of the suite."""

    contestants: Sequence[Contestant]
    quick: bool = False
    raw: Path | None = None
    records: list[dict[str, object]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long one stretch of typing is measured."""
        return 1.5 if self.quick else 3.0

    @property
    def rounds(self) -> int:
        """How often what happens once is repeated."""
        return 3 if self.quick else 5

    def among(self, some: Iterable[Contestant]) -> list[Contestant]:
        """Give those of the contestants that take part in this run."""
        return [contestant for contestant in some if contestant in self.contestants]

    def record(self, row: str, contestant: str, **figures: object) -> None:
        """Keep the figures of one server, print them, and append them to the raw results."""
        entry: dict[str, object] = {"row": row, "server": contestant, **figures}
        self.records.append(entry)
        shown = ", ".join(f"{name} {_short(value)}" for name, value in figures.items() if name not in QUIET)
        print(f"  {contestant}: {shown}", flush=True)
        if self.raw is not None:
            with self.raw.open("a") as out:
                out.write(json.dumps({"at": round(time.time(), 1), **entry}) + "\n")

    @contextmanager
    def server(self, row: str, contestant: Contestant, **environment: str) -> Iterator[Server | None]:
        """Run a server for a row. What goes wrong with it is recorded for the row, and ends nothing else."""
        said = ""
        try:
            with Server(contestant, environment) as server:
                try:
                    yield server
                finally:
                    said = server.said()
        except (ServerError, LoadError, GuestError, OSError) as error:
            self.record(
                row, contestant.name, failed=f"{type(error).__name__}: {error}"[:500], said=_without_paths(said)
            )


QUIET = {
    "said",
    "sent",
    "frames",
    "bytes",
    "samples",
    "acks",
    "acks_in_time",
    "missing",
    "unacknowledged",
    "gaps",
    "wrong",
}
QUIET |= {"foreign", "malformed", "closed", "refused", "edits_each", "edits_over", "seconds", "max", "ack_max"}


def _without_paths(said: str) -> str:
    """Give what a server printed without the folders of this machine: the raw results are committed."""
    return re.sub(r"/(?:[^/\s\"':]+/)+", "…/", said)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
