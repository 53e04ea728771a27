"""Reading a SQLite file one statement at a time, with a single hop to a thread and back for all that wait meanwhile."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from sqlalchemy import URL, CompoundSelect, Connection, Engine, Row, Select, create_engine
from sqlalchemy.pool import StaticPool

_THREADS = 2
"""A thread holds a connection of its own. More would only wait for the interpreter."""
_BATCH = 16
"""How many statements a thread takes at once: none of them is answered before the last."""

Rows = Sequence[Row[Any]]
Query = Select[Any] | CompoundSelect[Any]


def reading_engine(path: Path, busy_timeout: float) -> Engine:
    """Make an engine of one connection to a SQLite file, in autocommit; ``busy_timeout`` is in seconds."""
    return create_engine(
        URL.create("sqlite", database=str(path)),
        isolation_level="AUTOCOMMIT",
        poolclass=StaticPool,
        pool_reset_on_return=None,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout, "check_same_thread": False},
    )


@dataclass(slots=True)
class _Read:
    statement: Query
    parameters: Mapping[str, object]
    answered: asyncio.Future[Rows]
    rows: Rows = ()
    error: Exception | None = None

    def answer(self) -> None:
        if self.answered.cancelled():
            return
        if self.error is None:
            self.answered.set_result(self.rows)
        else:
            self.answered.set_exception(self.error)


class QuickReader:
    """Threads that read one SQLite file; none starts before it is needed."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        """Make a reader.

        Args:
            engine: makes an engine of one connection, in autocommit, for one thread.
        """
        self._engine = engine
        self._waiting: deque[_Read] = deque()
        self._idle = 0
        self._batches: SimpleQueue[list[_Read] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    async def rows(self, statement: Query, parameters: Mapping[str, object]) -> Rows:
        """Give all rows of a statement. What the driver raises is not translated."""
        loop = asyncio.get_running_loop()
        read = _Read(statement, parameters, loop.create_future())
        self._waiting.append(read)
        if not self._idle and len(self._threads) < _THREADS:
            self._add_thread(loop)
        self._hand_over()
        return await read.answered

    def _add_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        thread = threading.Thread(target=self._run, args=(loop,), name="routa-reader", daemon=True)
        self._threads.append(thread)
        self._idle += 1
        thread.start()

    def _hand_over(self) -> None:
        """Give an idle thread what waits; the others find it when they come back."""
        if self._idle and self._waiting:
            self._idle -= 1
            self._batches.put([self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))])

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        connection: Connection | None = None
        while (batch := self._batches.get()) is not None:
            for read in batch:
                try:
                    connection = connection or self._engine().connect()
                    read.rows = connection.execute(read.statement, read.parameters).all()
                except Exception as error:  # noqa: BLE001 - it is raised where the rows are waited for
                    read.error = error
            loop.call_soon_threadsafe(self._answer, batch)
        if connection is not None:
            connection.close()
            connection.engine.dispose()

    def _answer(self, batch: list[_Read]) -> None:
        self._idle += 1
        self._hand_over()
        for read in batch:
            read.answer()

    async def close(self) -> None:
        """End the threads and close their connections, once nothing is being read."""
        for _ in self._threads:
            self._batches.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
