"""The machine: which core does what, what processes cost, and what else ran meanwhile."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
_CPU_CLOCK = 2
"""The kernel's name for the clock of a process's CPU, below its inverted id (see clock_getcpuclockid)."""


def cores() -> tuple[int, int]:
    """Give the core for servers and the core for load; the same one where there is no other."""
    available = sorted(os.sched_getaffinity(1 if os.geteuid() == 0 else 0))
    return available[0], available[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Run the block, and start processes in it, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def tree(pid: int) -> list[int]:
    """Give a process and all below it."""
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process, those below it, and those of them that have ended, used so far."""
    total = 0.0
    for each in tree(pid):
        try:
            total += time.clock_gettime((~each << 3) | _CPU_CLOCK)
            ended = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[13:15]
        except OSError:
            continue
        total += sum(map(int, ended)) / TICKS
    return total


def memory_bytes(pid: int) -> int:
    """Bytes of memory of a process and those below it, shared pages counted once between them."""
    total = 0
    for each in tree(pid):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


class Others:
    """What ran besides us, between the making of this and the asking."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._before = _busy()
        self._ours = _our_cpu()

    def share(self) -> float:
        """How many cores the processes of others kept busy."""
        seconds = time.monotonic() - self._started
        return max(0.0, _busy() - self._before - (_our_cpu() - self._ours)) / max(seconds, 0.001)

    def describe(self) -> str:
        """Give one line about it."""
        load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
        return f"processes of others used {self.share():.2f} of {os.cpu_count()} cores; load average {load}"


def _busy() -> float:
    """Seconds of CPU that everything used since the machine started, idling and waiting aside."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _idle, _wait, irq, softirq, _steal = map(int, fields)
    return (user + nice + system + irq + softirq) / TICKS


def _our_cpu() -> float:
    return cpu_seconds(os.getpid())


def describe() -> str:
    """Give one line about the machine."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release().partition('-')[0]}"
