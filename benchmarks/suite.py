"""All measurements in one go: ``benchmarks/run``."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import beside, footprint, growth, hotroom, notes, restarts, smallrooms
from benchmarks.bench import Bench
from benchmarks.contestants import ALL
from benchmarks.machine import Others

Row = Callable[[Bench], None]
ROWS: dict[str, Row] = {
    "fixed": hotroom.fixed,
    "capacity": hotroom.capacity,
    "pairs": smallrooms.pairs,
    "acknowledgement": smallrooms.acknowledgement,
    "opening": notes.opening,
    "coming-back": notes.coming_back,
    "restart": restarts.everybody_back,
    "killed": restarts.killed,
    "memory": footprint.memory,
    "beside": beside.beside,
    "growth": growth.growth,
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks/run", description="Measures the server beside its peers.")
    parser.add_argument("--quick", action="store_true", help="short stretches: minutes in all, and more noise")
    parser.add_argument("--only", action="append", choices=sorted(ROWS), help="only this row; may be given again")
    parser.add_argument("--server", action="append", metavar="TEXT", help="only servers with this in their names")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.* and benchmarks/results/")
    return parser.parse_args()


def main() -> int:
    """Run the rows that were asked for."""
    asked = arguments()
    servers = [each for each in ALL if not asked.server or any(text in each.name for text in asked.server)]
    raw = Path(__file__).parent / ".cache" / f"{time.strftime('%Y-%m-%d-%H%M')}.jsonl"
    raw.parent.mkdir(exist_ok=True)
    bench = Bench(servers, asked.quick, raw)
    for name, row in ROWS.items():
        if not asked.only or name in asked.only:
            print(name, flush=True)
            others = Others()
            row(bench)
            bench.record("machine", "others", during=name, cores=round(others.share(), 2), said=others.describe())
    return 0


if __name__ == "__main__":
    sys.exit(main())
