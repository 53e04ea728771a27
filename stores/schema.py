"""The schema of a live database: brought up to date at every start, and compared with the code."""

from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, delete, insert, inspect, select

from stores.drift import drift
from stores.engine import Database
from stores.errors import SchemaMismatch
from stores.tables import metadata, schema_history

__all__ = ["downgrade", "drift", "require_current", "upgrade"]


async def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision, all of it or (killed midway) nothing; at once by one server only.

    Raises SchemaMismatch when the database is newer than this code, or holds tables of something else.
    """
    async with database.migrate() as connection:
        await connection.run_sync(_upgrade, database.target.label)


async def require_current(database: Database) -> None:
    """Raise SchemaMismatch unless the schema is the one that this code works with; changes nothing."""
    async with database.read() as connection:
        current = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
        if current in _revisions()[:-1] or current is None:
            raise SchemaMismatch(
                f"{database.target.label} has the schema {current or 'of nothing'}, not {_revisions()[-1]}: bring it "
                "up to date first, with `routa-notes migrate`."
            )
        if current != _revisions()[-1]:
            await connection.run_sync(_refuse_newer, database.target.label, current)


async def downgrade(database: Database, revision: str = "base") -> None:
    """Take the schema back to a revision, "base" being empty: what the later ones hold is lost.

    Raises SchemaMismatch when there is no such revision.
    """
    if revision not in ["base", *_revisions()]:
        raise SchemaMismatch(f'There is no revision "{revision}" of the schema: name one of {", ".join(_revisions())}.')
    async with database.migrate() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), revision))


def _upgrade(connection: Connection, where: str) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None:
        _refuse_foreign_tables(connection, where)
    elif current not in _revisions():
        _refuse_newer(connection, where, current)
    command.upgrade(_config(connection), "head")
    done = _revisions().index(current) + 1 if current else 0
    for revision in _revisions()[done:]:
        connection.execute(delete(schema_history).where(schema_history.c.revision == revision))
        applied = {"revision": revision, "release": _release(), "applied_at": datetime.now(UTC)}
        connection.execute(insert(schema_history).values(applied))


def _refuse_foreign_tables(connection: Connection, where: str) -> None:
    found = sorted(metadata.tables.keys() & set(inspect(connection).get_table_names()))
    if found:
        raise SchemaMismatch(
            f"{where} has tables that something else made ({', '.join(found)}): give routa-notes a database of its own."
        )


def _refuse_newer(connection: Connection, where: str, current: str) -> None:
    made = select(schema_history.c.release).where(schema_history.c.revision == current)
    needed = connection.scalar(made) or "a newer version"
    raise SchemaMismatch(
        f"{where} has the schema {current} of routa-notes {needed}; this is routa-notes {_release()}, which knows "
        f"schemas up to {_revisions()[-1]}: start routa-notes {needed} or later."
    )


@cache
def _revisions() -> list[str]:
    """Give the revisions of this code, oldest first."""
    script = ScriptDirectory(_location())
    return [revision.revision for revision in script.walk_revisions()][::-1]


def _location() -> str:
    return str(files("migrations"))


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", _location().replace("%", "%%"))
    return config


def _release() -> str:
    try:
        return version("routa-notes")
    except PackageNotFoundError:
        return "from source"
