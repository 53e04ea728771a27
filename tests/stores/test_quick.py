import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Select, bindparam, create_engine, event, func, literal_column, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from stores.quick import QuickReader
from tests.server.conftest import until

NUMBER: Select[Any] = select(bindparam("number", 0))
BROKEN: Select[Any] = select(literal_column("nothing"))


class Gate:
    """Makes engines whose function ``wait()`` lasts until the gate is opened."""

    def __init__(self, path: Path) -> None:
        self.opened = threading.Event()
        self.entered = 0
        self.engines = 0
        self._path = path

    def engine(self) -> Engine:
        self.engines += 1
        engine = create_engine(f"sqlite:///{self._path}", poolclass=StaticPool, isolation_level="AUTOCOMMIT")
        event.listen(engine, "connect", lambda link, _: link.create_function("wait", 0, self._wait))
        return engine

    def _wait(self) -> int:
        self.entered += 1
        self.opened.wait(10)
        return 1


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "notes.db")


@pytest.fixture
async def reader(gate: Gate) -> AsyncIterator[QuickReader]:
    made = QuickReader(gate.engine)
    yield made
    gate.opened.set()
    await made.close()


def waiting() -> Select[tuple[int]]:
    return select(func.wait())


async def number(reader: QuickReader, value: int) -> int:
    ((found,),) = await reader.rows(NUMBER, {"number": value})
    return int(found)


async def test_no_thread_starts_before_it_is_needed(gate: Gate, reader: QuickReader) -> None:
    assert gate.engines == 0
    assert await number(reader, 1) == 1
    assert await number(reader, 2) == 2
    assert gate.engines == 1


async def test_each_gets_its_own_answer(reader: QuickReader) -> None:
    assert await asyncio.gather(*(number(reader, value) for value in range(200))) == list(range(200))


async def test_the_event_loop_goes_on_while_a_statement_runs(gate: Gate, reader: QuickReader) -> None:
    slow = asyncio.create_task(reader.rows(waiting(), {}))
    await until(lambda: gate.entered == 1)
    assert await number(reader, 7) == 7
    assert not slow.done()
    gate.opened.set()
    assert [tuple(row) for row in await slow] == [(1,)]


async def test_what_comes_while_all_threads_are_busy_waits_for_its_turn(gate: Gate, reader: QuickReader) -> None:
    slow = [asyncio.create_task(reader.rows(waiting(), {})) for _ in range(2)]
    await until(lambda: gate.entered == 2)
    late = [asyncio.create_task(number(reader, value)) for value in range(50)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in late)
    gate.opened.set()
    assert await asyncio.gather(*late) == list(range(50))
    await asyncio.gather(*slow)
    assert gate.engines == 2


async def test_an_error_reaches_its_own_statement_alone(gate: Gate, reader: QuickReader) -> None:
    slow = [asyncio.create_task(reader.rows(waiting(), {})) for _ in range(2)]
    await until(lambda: gate.entered == 2)
    bad = asyncio.create_task(reader.rows(BROKEN, {}))
    good = asyncio.create_task(number(reader, 3))
    await asyncio.sleep(0)
    gate.opened.set()
    with pytest.raises(OperationalError):
        await bad
    assert await good == 3
    await asyncio.gather(*slow)
    assert await number(reader, 4) == 4


async def test_who_was_cancelled_gets_no_answer(gate: Gate, reader: QuickReader) -> None:
    slow = asyncio.create_task(reader.rows(waiting(), {}))
    await until(lambda: gate.entered == 1)
    slow.cancel()
    with pytest.raises(asyncio.CancelledError):
        await slow
    gate.opened.set()
    assert await number(reader, 5) == 5


async def test_a_connection_that_cannot_be_made_is_tried_again(gate: Gate) -> None:
    attempts: list[int] = []

    def engine() -> Engine:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("not now")
        return gate.engine()

    reader = QuickReader(engine)
    with pytest.raises(OSError, match="not now"):
        await number(reader, 1)
    assert await number(reader, 1) == 1
    await reader.close()


async def test_threads_without_a_connection_end_too() -> None:
    def engine() -> Engine:
        raise OSError("never")

    reader = QuickReader(engine)
    with pytest.raises(OSError, match="never"):
        await number(reader, 1)
    before = threading.active_count()
    await reader.close()
    assert threading.active_count() < before + 1
