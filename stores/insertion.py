"""Many rows into one table with one statement, which is a transaction by itself: one way there and back."""

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from stores.target import Driver

MOST = 4096
"""The most rows of one statement: SQLite takes 32,766 parameters."""

Row = Sequence[object]
Insertion = Callable[[Any], Awaitable[object]]
"""Sends the statement over a driver's own connection (aiosqlite's or asyncpg's), which is in autocommit."""


def insertion(driver: Driver, table: Table, names: tuple[str, ...], rows: Sequence[Row]) -> Insertion:
    """Make the statement that inserts up to ``MOST`` rows of values in the order of ``names``, in that order."""
    if driver is Driver.POSTGRES:
        columns = [[row[place] for row in rows] for place in range(len(names))]
        statement = _of_arrays(table, names)
        return lambda link: link.execute(statement, *columns)
    sql = f"{_into(table, names)} VALUES {_places(len(names), len(rows))}"
    values = [value for row in rows for value in row]
    return lambda link: link.execute_fetchall(sql, values)


@lru_cache
def _into(table: Table, names: tuple[str, ...]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(names)})"


def _places(columns: int, rows: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return ", ".join([row] * rows)


@lru_cache
def _of_arrays(table: Table, names: tuple[str, ...]) -> str:
    """Give a statement that takes one array for each column, so that it is prepared once, whatever their length."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = ", ".join(f"${place}::{table.c[name].type.compile(dialect)}[]" for place, name in enumerate(names, 1))
    listed = ", ".join(names)
    rows = f"unnest({arrays}) WITH ORDINALITY AS given ({listed}, place)"
    return f"{_into(table, names)} SELECT {listed} FROM {rows} ORDER BY place"  # noqa: S608 - names of our own
