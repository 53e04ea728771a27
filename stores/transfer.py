"""Everything that a store holds, carried into another one, whichever two of them."""

from typing import Any, Protocol

from sqlalchemy import Column, Table, delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.engine import Database
from stores.pages import pages
from stores.tables import metadata
from stores.target import Driver


class Progress(Protocol):
    """Is told how far it has come."""

    def __call__(self, table: str, done: int, total: int, /) -> None:
        """Take note that so many rows of a table are done, of so many."""


async def transfer(
    source: tuple[Database, AsyncConnection], target: tuple[Database, AsyncConnection], told: Progress
) -> None:
    """Put all rows of one store into another, whose tables are the same and empty; each within its transaction.

    What counts rows goes on where the source has come to, so that no number is given twice.
    """
    for table in metadata.sorted_tables:
        await _carry(source[1], target[1], table, told)
        for column in table.columns:
            if column.identity is not None:
                await _set_counter(*target, column, await _counter(*source, column))


async def clear(connection: AsyncConnection) -> None:
    """Delete all rows of all tables."""
    for table in reversed(metadata.sorted_tables):
        await connection.execute(delete(table))


async def _carry(source: AsyncConnection, target: AsyncConnection, table: Table, told: Progress) -> None:
    total = (await source.execute(select(func.count()).select_from(table))).scalar_one()
    done = 0
    told(table.name, done, total)
    async for rows in pages(source, table):
        await target.execute(insert(table), [dict(row) for row in rows])
        done += len(rows)
        told(table.name, done, total)


async def _counter(database: Database, connection: AsyncConnection, column: Column[Any]) -> int:
    """Give the highest number that was ever given; 0 when none was."""
    if database.target.driver is Driver.POSTGRES:
        sequence = await connection.scalar(_SEQUENCE, _names(column))
        found = select(text("last_value")).select_from(text(str(sequence))).where(text("is_called"))
    else:
        found = select(text("seq")).select_from(text("sqlite_sequence")).where(text(f"name = '{column.table.name}'"))
    return await connection.scalar(found) or 0


async def _set_counter(database: Database, connection: AsyncConnection, column: Column[Any], number: int) -> None:
    number = max(number, await _counter(database, connection, column))
    if not number:
        return
    if database.target.driver is Driver.POSTGRES:
        await connection.execute(_SET_SEQUENCE, {**_names(column), "number": number})
        return
    await connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), {"table": column.table.name})
    await connection.execute(
        text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :number)"),
        {"table": column.table.name, "number": number},
    )


_SEQUENCE = text("SELECT pg_get_serial_sequence(:table, :column)")
_SET_SEQUENCE = text("SELECT setval(pg_get_serial_sequence(:table, :column), :number)")


def _names(column: Column[Any]) -> dict[str, str]:
    return {"table": column.table.name, "column": column.name}
