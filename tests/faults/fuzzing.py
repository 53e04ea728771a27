"""Runs hostile cases in processes of their own, and finds the case that ends one."""

import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[2]
MANY = 20
"""So many deaths are enough to know."""


@dataclass
class Findings:
    """What a run came to."""

    cases: int = 0
    sent: int = 0
    taken: int = 0
    damaged: int = 0
    """How often the native core panicked: the update is refused, and the note loaded anew."""
    wrong: dict[int, str] = field(default_factory=dict)
    """What went wrong, by the number of the case."""


def fuzz(first: int, count: int) -> Findings:
    """Go through cases; one that ends the process is a finding, and the rest goes on behind it."""
    findings, end = Findings(count), first + count
    with tempfile.TemporaryDirectory(prefix="routa-fuzz-") as folder:
        place = Path(folder, "place")
        while first < end and len(findings.wrong) < MANY:
            place.write_bytes(bytes(8))
            status = _run(first, end - first, place, findings)
            if not status:
                break
            (died,) = struct.unpack("<q", place.read_bytes())
            findings.wrong[died] = f"the process ended: {_name(status)}"
            first = died + 1
    return findings


def _run(first: int, count: int, place: Path, findings: Findings) -> int:
    command = [sys.executable, "-m", "tests.faults.victim", str(first), str(count), str(place)]
    environment = {"PYTHONPATH": str(PROJECT), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if not done.returncode:
        found = json.loads(done.stdout)
        findings.sent += found["sent"]
        findings.taken += found["taken"]
        findings.damaged += found["damaged"]
        findings.wrong |= {int(number): what for number, what in found["wrong"].items()}
    return done.returncode


def _name(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
