"""The numbers of a running server as metrics, made of plain counters when somebody asks."""

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from server.counters import BUCKETS, Counters, Histogram
from server.service import Service

_STATM = Path("/proc/self/statm")


class ServiceCollector(Collector):
    """Reads a service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Give all metrics."""
        hub, counters = self._service.hub, self._service.hub.ward.counters
        notes = hub.open_notes()
        yield _gauge("open_notes", "Notes in memory.", len(notes))
        yield _gauge("clients", "Clients on the open notes.", sum(len(note.room.sessions) for note in notes))
        yield _gauge("journal_backlog_notes", "Notes with edits that are not committed.", hub.journal.waiting)
        backlog = sum(note.room.unstored.bytes for note in notes)
        yield _gauge("journal_backlog_bytes", "Bytes of edits that wait for the next commit.", backlog)
        yield _gauge("store_available", "Whether the store took the last commit.", int(hub.journal.available))
        yield _gauge("quarantined_notes", "Notes that stay closed until they are repaired.", len(hub.ward.closed))
        yield _gauge("resident_bytes", "Resident memory of the process.", resident_bytes())
        yield _connections(counters)
        yield from _counts(counters)
        yield _histogram("commit_seconds", "How long commits of edits took.", counters.commits)


def _counts(counters: Counters) -> Iterator[Metric]:
    yield _counter("frames_received", "Messages about notes that came in.", counters.frames)
    yield _counter("received_bytes", "Bytes of these messages.", counters.received_bytes)
    yield _counter("updates_received", "Edits that were taken in.", counters.updates)
    yield _counter("acknowledgements", "Edits that were committed and acknowledged.", counters.acknowledged)
    yield _counter("commit_failures", "Attempts to commit that failed.", counters.commit_failures)
    yield _counter("compactions", "Logs that were folded into a snapshot.", counters.compactions)
    yield _counter("compaction_failures", "Logs that could not be folded.", counters.compaction_failures)
    yield _counter("refused_updates", "Edits refused because they had ended the server.", counters.refused_updates)
    yield _counter("restarts", "Starts by the supervisor after a crash.", counters.restarts)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"routa_{name}", meaning, value=value)


def _counter(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"routa_{name}", meaning, value=value)


def _connections(counters: Counters) -> Metric:
    family = GaugeMetricFamily("routa_connections", "Open connections.", labels=["protocol"])
    for protocol in ("hocuspocus", "y-websocket"):
        family.add_metric([protocol], counters.connections[protocol])
    return family


def _histogram(name: str, meaning: str, histogram: Histogram) -> Metric:
    total, buckets = 0, []
    for bound, count in zip([*map(str, BUCKETS), "+Inf"], histogram.counts, strict=True):
        total += count
        buckets.append((bound, float(total)))
    return HistogramMetricFamily(f"routa_{name}", meaning, buckets=buckets, sum_value=histogram.sum)


def resident_bytes() -> int:
    """Give the resident memory of this process; where the system does not tell, the most it ever was."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
