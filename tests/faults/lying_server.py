"""A server that acknowledges what it has not kept, now and then: ``lying_server.py serve …``. A soak must notice."""

from collections.abc import Sequence

from server import cli
from stores.notelog import NoteKey, NoteLog


def lie() -> None:
    """Let every fourth commit be none."""
    append, commits = NoteLog.append, 0

    async def pretend(self: NoteLog, batch: Sequence[tuple[NoteKey, bytes]]) -> None:
        nonlocal commits
        commits += 1
        if commits % 4:
            await append(self, batch)

    NoteLog.append = pretend  # type: ignore[method-assign]


if __name__ == "__main__":
    lie()
    cli.main()
