"""A server that starts and migrates, as a process of its own: ``migrator.py PATH_OR_URL [DIE_AFTER]``.

It says ``ready``, waits for a line, and migrates; it is killed by itself after so many statements.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from stores.engine import Database
from stores.schema import upgrade
from stores.target import choose


def die_after(statements: int) -> None:
    left = statements

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)


async def migrate(place: str) -> None:
    if "://" in place:
        target = choose(database_url=place, driver=None, path=None, data_dir=None)
    else:
        target = choose(database_url=None, driver="sqlite", path=Path(place), data_dir=None)
    database = await Database.open(target)
    await upgrade(database)
    await database.close()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        die_after(int(sys.argv[2]))
    print("ready", flush=True)
    sys.stdin.readline()
    asyncio.run(migrate(sys.argv[1]))
