"""The kinds of columns that the tables are made of: their types, defaults and constraints.

The two types read what SQLite keeps as text by themselves: a list of rows spends most of its time there.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine


class Timestamp(TypeDecorator[datetime]):
    """A moment: aware and in UTC on every driver; a naive datetime is refused with ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn an aware datetime into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone: give an aware datetime.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Say UTC also where the driver keeps no zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Read SQLite's text in one step, and leave the rest to the driver."""
        return _read_moment if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _read_moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


class Json(TypeDecorator[Any]):
    """A JSON value; None is NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose JSONB on Postgres."""
        return dialect.type_descriptor(JSONB(none_as_null=True) if dialect.name == "postgresql" else self.impl)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read SQLite's text in one step, and leave the rest to the driver."""
        return _read_json if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _read_json(kept: Any) -> Any:
    # SQLite makes a number of a text that is nothing but one.
    return orjson.loads(kept) if isinstance(kept, str) else kept


LogId = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts by itself only in a column that is spelled INTEGER; it holds 64 bits there too."""


def required(name: str, kind: Any = Text, *rest: Any) -> Column[Any]:
    """A column that always has a value."""
    return Column(name, kind, *rest, nullable=False)


def optional(*names: str, kind: Any = Text) -> list[Column[Any]]:
    """Columns that may be NULL."""
    return [Column(name, kind, nullable=True) for name in names]


def lists(*names: str) -> list[Column[Any]]:
    """JSON lists, empty unless given."""
    return [Column(name, Json, nullable=False, default=list) for name in names]


def one_of(name: str, values: tuple[str, ...], *, default: str | None = None, required: bool = True) -> list[Any]:
    """Return a column of an enumeration and the constraint that keeps it to its values."""
    quoted = ", ".join(f"'{value}'" for value in values)
    column = Column(name, Text, nullable=not required, default=default)
    return [column, CheckConstraint(f"{name} IN ({quoted})", name=name)]


def workspace() -> Column[Any]:
    """The workspace that a row belongs to and is deleted with."""
    return Column("workspace_id", Text, ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False)


def stamps() -> list[Column[Any]]:
    """When a row was made and last changed."""
    return [required("created_at", Timestamp), required("updated_at", Timestamp)]
