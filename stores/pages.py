"""A table read piece by piece, so that memory stays bounded however large it is."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.columns import Json

ROWS = 1000
"""The most rows of one page."""
BYTES = 8 * 1024 * 1024
"""How large a page becomes, unless it is a single row."""


async def pages(connection: AsyncConnection, table: Table) -> AsyncIterator[Sequence[RowMapping]]:
    """Give all rows of a table, in the order of its primary key and in pages of about 8 MiB at most."""
    key = tuple(table.primary_key.columns)
    after: ColumnElement[bool] = true()
    while True:
        sizes = await connection.scalars(select(_size(table)).where(after).order_by(*key).limit(ROWS))
        count = _fitting(sizes)
        if not count:
            return
        rows = (await connection.execute(select(table).where(after).order_by(*key).limit(count))).mappings().all()
        yield rows
        last = [literal(rows[-1][column], column.type) for column in key]
        after = tuple_(*key) > tuple_(*last)


def _size(table: Table) -> ColumnElement[int]:
    """Give the bytes of a row that may be many, about."""
    lengths = [func.coalesce(func.length(_measured(column)), 0) for column in table.columns if _may_be_large(column)]
    return sum(lengths, start=literal(0))


def _may_be_large(column: Column[Any]) -> bool:
    return isinstance(column.type, Text | LargeBinary | Json)


def _measured(column: Column[Any]) -> ColumnElement[Any]:
    return cast(column, Text) if isinstance(column.type, Json) else column


def _fitting(sizes: Iterable[int]) -> int:
    """Count the rows of a page: as many as fit, and one at least."""
    count = total = 0
    for size in sizes:
        total += size
        if count and total > BYTES:
            break
        count += 1
    return count
