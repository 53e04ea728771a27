"""All measurements in one go: ``benchmarks/run``."""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks import beside, compacting, footprint, growth, hotroom, notes, restarts, sending, smallrooms
from benchmarks.bench import Bench
from benchmarks.contestants import ALL, PEERS
from benchmarks.load import CACHE, HERE
from benchmarks.machine import Others
from benchmarks.report import report

Row = Callable[[Bench], None]
ROWS: dict[str, Row] = {
    "fixed": hotroom.fixed,
    "sending": sending.sending,
    "capacity": hotroom.capacity,
    "pairs": smallrooms.pairs,
    "acknowledgement": smallrooms.acknowledgement,
    "opening": notes.opening,
    "coming-back": notes.coming_back,
    "restart": restarts.everybody_back,
    "killed": restarts.killed,
    "memory": footprint.memory,
    "beside": beside.beside,
    "compacting": compacting.compacting,
    "growth": growth.growth,
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/run", description="Measures the server beside its peers.")
    parser.add_argument("--quick", action="store_true", help="short stretches: minutes in all, and more noise")
    parser.add_argument("--only", action="append", choices=list(ROWS), help="only this row; may be given again")
    parser.add_argument("--server", action="append", metavar="TEXT", help="only servers with this in their names")
    parser.add_argument("--report", type=Path, metavar="JSONL", help="measure nothing; report on these raw results")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.* and benchmarks/results/")
    return parser.parse_args()


def measure(asked: argparse.Namespace) -> Path:
    """Run the rows that were asked for; the file with the raw results."""
    servers = [each for each in ALL if not asked.server or any(text in each.name for text in asked.server)]
    CACHE.mkdir(exist_ok=True)
    raw = CACHE / f"{time.strftime('%Y-%m-%d-%H%M%S')}.jsonl"
    bench = Bench(servers, asked.quick, raw)
    for name, row in ROWS.items():
        if not asked.only or name in asked.only:
            print(name, flush=True)
            started, others = time.monotonic(), Others()
            try:
                row(bench)
            except Exception:  # noqa: BLE001 - the other rows are worth having
                bench.record(name, "all", failed=traceback.format_exc())
            said = f"{others.describe()}; it took {time.monotonic() - started:.0f} s"
            bench.record("machine", "others", during=name, cores=round(others.share(), 2), said=said)
    return raw


def write(raw: Path, text: str) -> None:
    """Put the report, its chart and the raw results where they are committed."""
    docs, results = HERE.parent / "docs", HERE / "results"
    docs.mkdir(exist_ok=True)
    results.mkdir(exist_ok=True)
    (docs / "benchmarks.md").write_text(text)
    if raw.resolve().parent != results:
        shutil.copy(raw, results)
    chart = [PEERS / ".venv" / "bin" / "python", HERE / "chart.py", raw, docs / "benchmarks.svg"]
    subprocess.run(chart, check=True)  # noqa: S603


def main() -> int:
    """Measure, and report."""
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # servers and generators are then ended on the way out
    raw = asked.report or measure(asked)
    records = [json.loads(line) for line in raw.read_text().splitlines()]
    options = [option for option in sys.argv[1:] if not option.startswith("--report") and option != str(asked.report)]
    text = report(records, " ".join(["benchmarks/run", *options]))
    if asked.write:
        write(raw, text)
    else:
        print("\n" + text)
    print(f"The raw results are in {raw}.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
