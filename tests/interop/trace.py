"""What a recorded session ends with."""

import gzip
import json
from pathlib import Path
from typing import cast


def end_content(trace: Path) -> str:
    """Return the text at the end of the trace."""
    return cast("str", json.loads(gzip.decompress(trace.read_bytes()))["endContent"])
