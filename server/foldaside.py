"""Folds a note in a process of its own, which native code may end: ``fold_aside`` here, ``main`` there."""

import resource
import subprocess
import sys
from collections.abc import Sequence
from struct import Struct
from typing import cast

from crdt.compaction import Compacted, CompactionFailed, compact
from crdt.errors import ProtocolError

SECONDS = 120
"""How long it may take."""
BYTES = 8 * 1024**3
"""How much memory it may ask for."""
_COMMAND = [sys.executable, "-P", "-m", "server.foldaside"]
_LENGTH = Struct("<q")
_NOTHING = -1


def fold_aside(state: bytes | None, updates: Sequence[bytes], sealed: bytes | None = None) -> Compacted | None:
    """Do what ``compact`` does with a document and updates; nothing when that is not possible.

    What comes back was encoded, loaded again and compared, so it can be opened.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            _COMMAND, input=pack([sealed, state, *updates]), capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        return None
    folded, pending, text, sealed = unpack(done.stdout)
    return Compacted(cast(bytes, folded), pending, cast(bytes, text).decode(), cast(bytes, sealed))


def pack(parts: Sequence[bytes | None]) -> bytes:
    """Write byte strings behind each other, each behind its length."""
    return b"".join(_LENGTH.pack(_NOTHING) if part is None else _LENGTH.pack(len(part)) + part for part in parts)


def unpack(data: bytes) -> list[bytes | None]:
    """Read what ``pack`` wrote."""
    parts: list[bytes | None] = []
    at = 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        parts.append(None if length == _NOTHING else data[at : at + length])
        at += max(0, length)
    return parts


def main() -> int:
    """Fold what comes from standard input; the exit status says whether that was possible."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sealed, state, *updates = unpack(sys.stdin.buffer.read())
    try:
        done = compact(state, [update for update in updates if update is not None], sealed)
    except (ProtocolError, CompactionFailed):
        return 1
    sys.stdout.buffer.write(pack([done.state, done.pending, done.text.encode(), done.sealed]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
