# mypy: ignore-errors
# It runs in the environment of the peers, with matplotlib, which the project does not have.
"""The results as one SVG: ``python chart.py RESULTS.jsonl CHART.svg``."""

import json
import sys
from statistics import median

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "routa", "font.size": 8})
from matplotlib import pyplot as plt  # noqa: E402 - after the choice of what draws

BARS = (
    ("capacity", "held", "deliveries/s held, room of 200"),
    ("fixed", "micros_per_delivery", "CPU µs a delivery, room of 200 at 40 k/s"),
    ("fixed", "p99", "p99 ms there"),
    ("pairs", "cpu_share", "CPU of 1,000 rooms of 2, cores"),
    ("opening", "cold", "cold open of the paper, ms"),
    ("restart", "milliseconds", "200 clients back after a kill, ms"),
)
LINES = (
    ("edits", "open_milliseconds", "open, ms"),
    ("edits", "micros_per_edit", "CPU µs an edit"),
    ("edits", "memory_kib", "memory, KiB"),
    ("clients", "open_milliseconds", "open, ms a client"),
    ("clients", "micros_per_edit", "CPU µs an edit"),
    ("clients", "memory_kib", "memory, KiB a client"),
    ("rooms", "open_milliseconds", "open, ms a note"),
    ("rooms", "micros_per_edit", "CPU µs an edit"),
    ("rooms", "memory_kib", "memory, KiB a note"),
)
OURS, PEERS, FLOOR = "#1b7f5c", "#7a869a", "#c9ced6"


def bars(axes, records, row, figure, title):
    """Draw a figure of each server, the median of its rounds."""
    found = {}
    for record in records:
        if record["row"] == row and figure in record and not record.get("faults"):
            found.setdefault(record["server"], []).append(record[figure])
    names = list(found)[::-1]
    values = [median(found[name]) for name in names]
    colours = [OURS if name.startswith("routa") else FLOOR if "floor" in name else PEERS for name in names]
    axes.barh(names, values, color=colours)
    for place, value in enumerate(values):
        axes.text(value, place, f" {value:,.3g}" if value < 1000 else f" {value:,.0f}", va="center", fontsize=7)
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    if row == "capacity" and any(values):
        axes.set_xscale("log")
    axes.margins(x=0.2)


def lines(axes, records, by, figure, title):
    """Draw how a figure grows, a line a server."""
    servers = {}
    for record in records:
        if record["row"] == "growth" and record.get("by") == by and figure in record:
            servers.setdefault(record["server"], []).append((record["of"], max(record[figure], 0.01)))
    for name, points in servers.items():
        axes.plot(
            *zip(*sorted(points), strict=True),
            marker="o",
            ms=3,
            label=name,
            color=OURS if name.startswith("routa") else PEERS,
        )
    axes.set(xscale="log", yscale="log", xlabel=by)
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    if servers:
        axes.legend(frameon=False, fontsize=7)


def main(results, chart):
    """Read the results and write the chart."""
    with open(results) as file:  # noqa: PTH123
        records = [json.loads(line) for line in file]
    figure, axes = plt.subplots(5, 3, figsize=(13, 15), layout="constrained")
    for place, (row, name, title) in zip(axes.flat[:6], BARS, strict=True):
        bars(place, records, row, name, title)
    for place, (by, name, title) in zip(axes.flat[6:], LINES, strict=True):
        lines(place, records, by, name, title)
    figure.savefig(chart, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
