"""What is counted while the server runs: plain numbers, read when somebody asks for the metrics."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram of commits, in seconds."""


@dataclass(slots=True)
class Histogram:
    """How many observations fell under each bound; the last number is of those above all."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    sum: float = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.sum += seconds


@dataclass(slots=True)
class Counters:
    """All numbers since the process began."""

    frames: int = 0
    received_bytes: int = 0
    updates: int = 0
    acknowledged: int = 0
    commits: Histogram = field(default_factory=Histogram)
    commit_failures: int = 0
    compactions: int = 0
    compaction_failures: int = 0
    refused_updates: int = 0
    restarts: int = 0
    """How often the supervisor had to start the server again."""
    connections: Counter[str] = field(default_factory=Counter)
    """How many are open, by protocol."""
