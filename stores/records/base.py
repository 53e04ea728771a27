"""What the records of all nouns have in common."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, delete, insert, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.records.page import Listed, Page, read_cursor, write_cursor

R = TypeVar("R", bound=tuple[Any, ...])


class Records(Generic[R]):
    """The rows of one table, each an ``R``: a NamedTuple whose fields are names of columns.

    A noun's class sets ``table``, ``record`` and ``noun``. All methods raise Unavailable when the database cannot be
    used. Filters are columns' names with the value that they must have.
    """

    table: ClassVar[Table]
    record: ClassVar[Any]
    noun: ClassVar[str]
    """The word for one row, in sentences."""
    parent: ClassVar[tuple[str, str]] = ("workspace_id", "workspace")
    """The column that says what a row belongs to, and the word for that."""
    order: ClassVar[tuple[str, ...]] = ("created_at", "id")
    """The columns that a list is sorted by; together they are unique."""
    newest_first: ClassVar[bool] = False

    def __init__(self, database: Database) -> None:
        self.database = database
        self._lists: dict[tuple[str, ...], Select[Any]] = {}

    async def create(self, values: Mapping[str, object], now: datetime) -> R:
        """Add a row and give it back; ``created_at`` and ``updated_at`` become ``now``, where the table has them.

        Raises NotFound, naming it, when what it belongs to is not there, and Conflict when its id is taken.
        """
        try:
            async with self.database.write() as connection:
                return await self.add(connection, values, now)
        except NotFound as error:
            column, noun = self.parent
            raise NotFound(f'There is no {noun} "{values[column]}".') from error
        except Conflict as error:
            raise self.taken(values) from error

    async def add(self, connection: AsyncConnection, values: Mapping[str, object], now: datetime) -> R:
        """Add a row in a transaction of the caller's, whose end brings the errors."""
        stamps = {name: now for name in ("created_at", "updated_at") if name in self.table.c}
        result = await connection.execute(insert(self.table).returning(*self.columns), {**stamps, **values})
        return self.make(result.one())

    def taken(self, values: Mapping[str, object]) -> Conflict:
        """Say that a row cannot be added beside those that are there."""
        return Conflict(f'The {self.noun} "{values["id"]}" is there already.')

    async def read(self, key: str) -> R:
        """Give the row with this id; raises NotFound."""
        rows = await self.database.read_rows(self._by_id, {"key": key})
        if not rows:
            raise self.missing(key)
        return self.make(rows[0])

    async def get(self, connection: AsyncConnection, key: str) -> R:
        """Give the row with this id as a transaction of the caller's sees it; raises NotFound."""
        row = (await connection.execute(self._by_id, {"key": key})).one_or_none()
        if row is None:
            raise self.missing(key)
        return self.make(row)

    async def list(
        self, filters: Mapping[str, object] | None = None, page: Page | None = None, *where: ColumnElement[bool]
    ) -> Listed[R]:
        """Give a page of the rows that pass the filters and the conditions; raises BadCursor.

        An unknown workspace has no rows, like one that is empty: ``Workspaces.require`` tells them apart.
        """
        filters, page = filters or {}, page or Page()
        statement = self._list(tuple(filters))
        if page.cursor is not None:
            statement = statement.where(self._after(page.cursor))
        if where:
            statement = statement.where(*where)
        rows = await self.database.read_rows(statement, {**filters, "most": page.limit + 1})
        more = len(rows) > page.limit
        kept = rows[: page.limit] if more else rows
        cursor = write_cursor([getattr(kept[-1], name) for name in self.order]) if more else None
        width = len(self.record._fields)
        return Listed([self.make(row[:width]) for row in kept], cursor)

    def _after(self, cursor: str) -> ColumnElement[bool]:
        order = [self.table.c[name] for name in self.order]
        place = tuple_(*(literal(v, c.type) for v, c in zip(read_cursor(cursor, order), order, strict=True)))
        here = tuple_(*order)
        return here < place if self.newest_first else here > place

    def _list(self, names: tuple[str, ...]) -> Select[Any]:
        """Give the statement of a list with these filters, made once."""
        if names not in self._lists:
            order = [self.table.c[name] for name in self.order]
            statement = select(*self.columns, *self._places)
            statement = statement.where(*(self.table.c[name] == bindparam(name) for name in names))
            ordered = (column.desc() if self.newest_first else column for column in order)
            self._lists[names] = statement.order_by(*ordered).limit(bindparam("most"))
        return self._lists[names]

    async def update(self, key: str, changes: Mapping[str, object], now: datetime, **only: object) -> R:
        """Change a row that passes the filters ``only`` and give it back; no changes change nothing.

        Raises NotFound.
        """
        async with self.database.write() as connection:
            return await self.change(connection, key, changes, now, **only)

    async def change(
        self, connection: AsyncConnection, key: str, changes: Mapping[str, object], now: datetime, **only: object
    ) -> R:
        """Change a row in a transaction of the caller's; raises NotFound."""
        if not changes:
            return await self.get(connection, key)
        stamp = {"updated_at": now} if "updated_at" in self.table.c else {}
        statement = update(self.table).where(self._this(key, only)).values({**stamp, **changes})
        row = (await connection.execute(statement.returning(*self.columns))).one_or_none()
        if row is None:
            raise self.missing(key)
        return self.make(row)

    async def delete(self, key: str, **only: object) -> None:
        """Delete a row that passes the filters ``only``; raises NotFound."""
        async with self.database.write() as connection:
            result = await connection.execute(delete(self.table).where(self._this(key, only)))
        if result.rowcount == 0:
            raise self.missing(key)

    async def delete_all(self, **filters: object) -> int:
        """Delete the rows that pass the filters, one at least; how many there were."""
        conditions = [self.table.c[name] == value for name, value in filters.items()]
        async with self.database.write() as connection:
            result = await connection.execute(delete(self.table).where(and_(*conditions)))
        return result.rowcount

    def missing(self, key: str) -> NotFound:
        """Say that there is no such row."""
        return NotFound(f'There is no {self.noun} "{key}".')

    def make(self, row: Any) -> R:
        """Make a record of a row of ``columns``."""
        made: R = self.record._make(row)
        return made

    @cached_property
    def columns(self) -> Sequence[ColumnElement[Any]]:
        """The columns of a record, in the order of its fields."""
        return [self.table.c[name] for name in self.record._fields]

    @cached_property
    def _places(self) -> Sequence[ColumnElement[Any]]:
        """The columns that a list is sorted by and that a record has not."""
        return [self.table.c[name] for name in self.order if name not in self.record._fields]

    @cached_property
    def _by_id(self) -> Select[Any]:
        return select(*self.columns).where(self.table.c.id == bindparam("key"))

    def _this(self, key: str, only: Mapping[str, object]) -> ColumnElement[bool]:
        return and_(self.table.c.id == key, *(self.table.c[name] == value for name, value in only.items()))
