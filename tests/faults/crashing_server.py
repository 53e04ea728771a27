"""The server, with a native core that does to the process what some bytes do: ``crashing_server.py serve …``.

What a document makes of an update that carries one of the words is replaced: nothing else is.
"""

import os
import signal
import time
from collections.abc import Callable

from crdt.replica import Replica
from server import cli, watchdog
from server.flightrecorder import Doing

DEADLY = {b"*abort*": signal.SIGABRT, b"*segv*": signal.SIGSEGV, b"*bus*": signal.SIGBUS}
HANGS = b"*hang*"
"""Native code that does not come back."""


def poisonous(put_in: Callable[[Replica, bytes], None]) -> None:
    def die_of(replica: Replica, update: bytes) -> None:
        for word, number in DEADLY.items():
            if word in update:
                os.kill(os.getpid(), number)
        while HANGS in update:
            time.sleep(1)
        put_in(replica, update)

    Replica._put_in = die_of  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    watchdog.HANGING = dict.fromkeys(Doing, 3)
    poisonous(Replica._put_in)
    cli.main()
