"""How fast two clients replay a recorded session through the server; each edit is acknowledged after its commit."""

import asyncio
import platform
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.interop.javascript import replay
from tests.postgres import Postgres
from tests.server_process import ServerProcess

VERSIONS = ("1.5", "3")


@contextmanager
def stores() -> Iterator[dict[str, ServerProcess]]:
    """A server on each store, with the settings that a user has without doing anything."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="routa-replay-")))
        postgres = stack.enter_context(Postgres(durable=True))
        url = postgres.url(postgres.create(migrated=True))
        yield {
            "memory": stack.enter_context(ServerProcess()),
            "SQLite": stack.enter_context(ServerProcess(data_dir=folder)),
            "Postgres": stack.enter_context(ServerProcess({"DATABASE_URL": url})),
        }


def measure(trace: Path) -> None:
    """Print one row a store and client version."""
    print(f"{trace.name}, two client processes, Python {platform.python_version()}\n")
    print("| store | client | edits | seconds | edits/s | texts equal |")
    print("| --- | --- | --- | --- | --- | --- |")
    with stores() as servers:
        for version in VERSIONS:
            for store, server in servers.items():
                done = asyncio.run(replay(trace, server.ws_url, f"default/replay-{version}", version=version))
                figures = (done["edits"], done["seconds"], done["editsPerSecond"], done["textsEqual"])
                print("|", " | ".join(map(str, (store, f"y-websocket {version}", *figures))), "|", flush=True)


if __name__ == "__main__":
    measure(Path(sys.argv[1]))
