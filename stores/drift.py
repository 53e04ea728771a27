"""Differences between the tables of a live database and those of the code.

Both are read back by the same inspector: the code's tables are made for a moment, as temporary tables on Postgres and
in memory for SQLite, so that a type or a condition is compared in the words of that very database.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from warnings import catch_warnings, simplefilter

from sqlalchemy import Connection, Inspector, inspect
from sqlalchemy.engine import ObjectScope
from sqlalchemy.engine.interfaces import ReflectedColumn, ReflectedForeignKeyConstraint, ReflectedIndex
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import NullType

from stores.engine import Database
from stores.tables import metadata
from stores.target import Driver, Target

_NOT_OURS = "alembic_version"
"""Alembic's own table: which revision the database is at."""

Part = tuple[str, str]
"""A part of a table: its kind ("column", "index", …) and its name."""
Facts = dict[Part, dict[str, str]]
"""What is true of each part of a table: its "type", "columns", …"""
Described = Iterator[tuple[str, Facts]]
"""Facts of one kind, table by table."""


async def drift(database: Database) -> list[str]:
    """Give one sentence for each difference between the live schema and the code; none when they agree.

    Compared are tables, columns (type, nullability, default), primary and foreign keys, unique and check constraints,
    and indexes. An extra index over an expression is not seen on SQLite.
    """
    async with database.read() as connection:
        live = await connection.run_sync(_tables)
    live.pop(_NOT_OURS, None)
    postgres = database.target.driver is Driver.POSTGRES
    return list(_differences(live, await (_postgres_tables(database) if postgres else _sqlite_tables())))


async def _postgres_tables(database: Database) -> dict[str, Facts]:
    async with database.write() as connection:
        return await connection.run_sync(_temporary_tables)


async def _sqlite_tables() -> dict[str, Facts]:
    database = await Database.open(Target(Driver.MEMORY, "memory"))
    try:
        async with database.write() as connection:
            await connection.run_sync(metadata.create_all)
            return await connection.run_sync(_tables)
    finally:
        await database.close()


def _temporary_tables(connection: Connection) -> dict[str, Facts]:
    connection.execution_options(schema_translate_map={None: "pg_temp"})
    metadata.create_all(connection, checkfirst=False)
    # "pg_temp" is but an alias, and every session has its own.
    find = "SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()"
    wanted = _tables(connection, connection.exec_driver_sql(find).scalar_one())
    metadata.drop_all(connection, checkfirst=False)
    return wanted


def _tables(connection: Connection, temporary: str | None = None) -> dict[str, Facts]:
    inspector = inspect(connection)
    names = list(metadata.tables) if temporary else inspector.get_table_names()
    scope = ObjectScope.TEMPORARY if temporary else ObjectScope.DEFAULT
    tables: dict[str, Facts] = {name: {} for name in names}
    for describe in (_columns, _primary_keys, _foreign_keys, _unique_constraints, _check_constraints, _indexes):
        with catch_warnings():
            simplefilter("ignore", SAWarning)  # of types and indexes that are not ours
            for table, facts in describe(inspector, {"schema": temporary, "filter_names": names, "scope": scope}):
                tables[table] |= facts
    return tables


def _columns(inspector: Inspector, which: Any) -> Described:
    for (_, table), columns in inspector.get_multi_columns(**which).items():
        yield table, {("column", column["name"]): _column(inspector, column) for column in columns}


def _column(inspector: Inspector, column: ReflectedColumn) -> dict[str, str]:
    unknown = isinstance(column["type"], NullType)
    return {
        "type": "an unknown type" if unknown else column["type"].compile(inspector.dialect),
        "nullability": "NULL" if column["nullable"] else "NOT NULL",
        "default": "identity" if column.get("identity") else str(column["default"] or "none"),
    }


def _primary_keys(inspector: Inspector, which: Any) -> Described:
    for (_, table), key in inspector.get_multi_pk_constraint(**which).items():
        yield table, {("primary key", ""): {"columns": _list(key["constrained_columns"])}}


def _foreign_keys(inspector: Inspector, which: Any) -> Described:
    for (_, table), keys in inspector.get_multi_foreign_keys(**which).items():
        yield table, {("foreign key", key["name"] or ""): _foreign_key(key) for key in keys}


def _foreign_key(key: ReflectedForeignKeyConstraint) -> dict[str, str]:
    return {
        "columns": _list(key["constrained_columns"]),
        "target": f"{key['referred_table']} {_list(key['referred_columns'])}",
        "action on delete": key.get("options", {}).get("ondelete") or "NO ACTION",
    }


def _unique_constraints(inspector: Inspector, which: Any) -> Described:
    for (_, table), constraints in inspector.get_multi_unique_constraints(**which).items():
        yield (
            table,
            {("unique constraint", c["name"] or ""): {"columns": _list(c["column_names"])} for c in constraints},
        )


def _check_constraints(inspector: Inspector, which: Any) -> Described:
    for (_, table), constraints in inspector.get_multi_check_constraints(**which).items():
        yield table, {("check constraint", c["name"] or ""): {"condition": c["sqltext"]} for c in constraints}


def _indexes(inspector: Inspector, which: Any) -> Described:
    for (_, table), indexes in inspector.get_multi_indexes(**which).items():
        own = (index for index in indexes if "duplicates_constraint" not in index)
        yield table, {("index", index["name"] or ""): _index(index) for index in own}


def _index(index: ReflectedIndex) -> dict[str, str]:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {
        "columns": _list(index.get("expressions") or index["column_names"]),
        "uniqueness": "UNIQUE" if index["unique"] else "none",
        "options": ", ".join(f"{name}={options[name]}" for name in sorted(options) if options[name] != "[]") or "none",
    }


def _list(columns: Iterable[object]) -> str:
    return f"({', '.join(map(str, columns))})"


def _differences(live: dict[str, Facts], code: dict[str, Facts]) -> Iterator[str]:
    for table in sorted(live.keys() | code.keys()):
        if table not in live:
            yield f'Table "{table}" is missing.'
        elif table not in code:
            yield f'Table "{table}" is not in the code.'
        else:
            yield from (f'Table "{table}": {text}' for text in _part_differences(live[table], code[table]))


def _part_differences(live: Facts, code: Facts) -> Iterator[str]:
    for part in sorted(live.keys() | code.keys()):
        kind, name = part
        title = f'{kind} "{name}"' if name else kind
        if part not in live:
            yield f"{title} is missing."
        elif part not in code:
            yield f"{title} is not in the code."
        else:
            for aspect, wanted in code[part].items():
                if live[part][aspect] != wanted:
                    yield f"{title} has the {aspect} {live[part][aspect]}, and the code has {wanted}."
