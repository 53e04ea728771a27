"""The results as Markdown: the goals, then every row."""

import platform
import subprocess
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks import machine
from benchmarks.goals import Record, Verdict, verdicts
from benchmarks.load import HERE
from benchmarks.tables import table

SHORTFALLS = HERE / "shortfalls.md"
"""Why some goals are not met, and what was tried: written by hand."""
NPM = ("@hocuspocus/server", "@hocuspocus/extension-sqlite", "@y/websocket-server", "y-leveldb")


def report(records: Sequence[Record], command: str) -> str:
    """Give the whole document."""
    parts = [
        "# Benchmarks",
        _preface(command),
        "![Charts of the figures below](benchmarks.svg)",
        "## Goals",
        _goals(verdicts(records)),
        *(f"## {title}\n\n{body}" for title, body in _rows(records)),
        SHORTFALLS.read_text().strip(),
        "## What else the machine was doing",
        _others(records),
    ]
    return "\n\n".join(parts) + "\n"


def _preface(command: str) -> str:
    return PREFACE.format(
        date=time.strftime("%Y-%m-%d"), command=command, machine=machine.describe(), versions=", ".join(versions())
    )


def versions() -> list[str]:
    """Give the name and version of everything that was compared."""
    ours = [f"routa-notes {version('routa-notes')} ({_commit()})", f"Python {platform.python_version()}"]
    ours += [f"{name} {version(name)}" for name in ("pycrdt", "uvicorn", "uvloop")]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)  # noqa: S607
    peers = [f"Node.js {node.stdout.strip()}", *(_npm_version(name) for name in NPM)]
    pinned = (HERE / "peers" / "requirements.txt").read_text().split()
    return ours + peers + [line.replace("==", " ") for line in pinned if line.startswith("pycrdt-")]


def _npm_version(name: str) -> str:
    file = HERE / "peers" / "node_modules" / name / "package.json"
    found = next((line for line in file.read_text().splitlines() if '"version"' in line), "") if file.exists() else ""
    number = found.partition(":")[2].strip(' ,"')
    return f"{name} {number}"


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "no commit"  # noqa: S603


def _goals(judged: Iterable[Verdict]) -> str:
    words = {True: "met", False: "**not met**", None: "not measured"}
    rows = [(each.goal, each.ours, each.compared, words[each.met]) for each in judged]
    return table(("goal", "measured", "against", "verdict"), rows)


def _rows(records: Sequence[Record]) -> Iterable[tuple[str, str]]:
    """Give a table for each row of the suite, as its records name their figures."""
    for name in dict.fromkeys(str(record["row"]) for record in records if record["row"] not in {"machine", "ramp"}):
        some = [record for record in records if record["row"] == name]
        shown = [key for key in dict.fromkeys(key for record in some for key in record) if key in FIGURES]
        head = ("server", *(FIGURES[key] for key in shown))
        body = [(str(record["server"]), *(_cell(record.get(key)) for key in shown)) for record in some]
        yield TITLES.get(name, name), table(head, body)


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float) and value != NOT_ASKED:
        return f"{value:,.2f}" if value < 1000 else f"{value:,.0f}"
    return (
        ""
        if value in (None, NOT_ASKED)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)[:200].replace("\n", " ")
    )


def _others(records: Sequence[Record]) -> str:
    return "\n".join(
        f"- while measuring {record['during']}: {record['said']}" for record in records if record["row"] == "machine"
    )


NOT_ASKED = -1.0
"""What the generator says of acknowledgements when it waits for none."""
PREFACE = """\
Measured on {date} with `{command}`; one machine, one run: {machine}. The server has one core, the load generator, a C
program, the other. Noise is 20 to 30 %, so only ratios in one run mean anything. Figures with faults count for nothing.

This server runs as `routa-notes serve --data-dir …` starts it, with its supervisor, on SQLite at the default settings,
but with `ROUTA_AUTH=off`, since the peers ask for no token either; the CPU and memory of all its processes count. The
peers run with their defaults, in memory unless their store is named.

Versions: {versions}."""
TITLES = {
    "fixed": "One note, 200 people, 40,000 deliveries a second",
    "sending": "What the writes alone cost in Python, one frame to each of 200 sockets",
    "capacity": "One note, 200 people, 50 typing: deliveries a second held with p99 below 100 ms",
    "pairs": "1,000 notes of two, each typing two edits a second",
    "acknowledgement": "From an edit to its durable acknowledgement, 2,000 edits a second over 100 notes",
    "stored": "From an edit to the database, where nothing is acknowledged",
    "opening": "Opening the automerge-paper note of 259,778 edits",
    "coming back": "Coming back to that note, ten updates behind",
    "restart": "200 people back after the server was killed",
    "killed": "kill -9 under 2,000 edits a second",
    "memory": "Memory",
    "beside": "Typing beside REST requests",
    "compacting": "Typing in a note of five megabytes, without and with its log being folded",
    "growth": "Growth",
}
FIGURES = {
    "failed": "failed",
    "store": "store",
    "rooms": "notes",
    "by": "by the number of",
    "of": "number",
    "compactions": "compactions",
    "held": "held, /s",
    "beyond": "not held, /s",
    "cpu_share": "CPU, cores",
    "micros_per_delivery": "µs a delivery",
    "micros_per_edit": "µs an edit",
    "p50": "p50, ms",
    "p99": "p99, ms",
    "ack_p50": "acknowledged p50, ms",
    "ack_p99": "acknowledged p99, ms",
    "generator_cpu": "generator, cores",
    "milliseconds": "ms",
    "after_the_first_connect": "after the first connect, ms",
    "cold": "cold, ms",
    "warm": "warm, ms",
    "note_on_disk": "on disk, bytes",
    "encoded": "encoded, bytes",
    "milliseconds_of_cpu": "CPU, ms",
    "bytes_sent": "sent, bytes",
    "difference": "difference, bytes",
    "lost": "edits lost",
    "lost_acknowledged": "of them acknowledged",
    "oldest_lost_milliseconds": "age of the oldest, ms",
    "idle_connection_kib": "idle connection, KiB",
    "open_note_kib": "open small note, KiB",
    "open_milliseconds": "open, ms",
    "memory_kib": "memory, KiB each",
    "alone_p50": "alone p50, ms",
    "alone_p99": "alone p99, ms",
    "beside_p50": "beside p50, ms",
    "beside_p99": "beside p99, ms",
    "requests": "requests/s",
    "faults": "faults",
}
