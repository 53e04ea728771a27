"""Why a store could not do what was asked. Errors of the drivers are translated here and nowhere else."""

import inspect
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import EmulatedDBAPIException, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreError(Exception):
    """The database refused a statement."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.getdoc(type(self)))


class NotFound(StoreError):
    """What was asked for, or what this belongs to, does not exist."""


class Conflict(StoreError):
    """Something with the same id, or a change of the same thing, was there first."""


class BadCursor(StoreError):
    """The cursor is not one that this list gave: ask again without it."""


class Unavailable(StoreError):
    """The database cannot be used at the moment."""


class SchemaMismatch(StoreError):
    """The tables in the database are not those that this version of routa-notes works with."""


class Misconfigured(StoreError):
    """The settings do not say clearly which store to use."""


_SQLITE_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "another process is writing to it: try again, or stop that process",
    sqlite3.SQLITE_LOCKED: "another process is writing to it: try again, or stop that process",
    sqlite3.SQLITE_PERM: "let the server's user read and write the file and its folder",
    sqlite3.SQLITE_READONLY: "let the server's user write to the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "let the server's user write to the file and its folder",
    sqlite3.SQLITE_IOERR: "look at the disk and its file system",
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_NOTADB: "name another file, or put a backup in its place",
    sqlite3.SQLITE_CORRUPT: "put a backup in its place",
}
_POSTGRES_UNAVAILABLE = {
    "0A000": "the schema has just changed: try again",
    "08": "look whether it runs and can be reached",
    "25006": "name the primary in DATABASE_URL: this one only reads",
    "26000": "it is behind a transaction pooler: add pgbouncer=true to DATABASE_URL",
    "28": "check the user and the password in DATABASE_URL",
    "3D": "create that database, or correct its name in DATABASE_URL",
    "40": "try again",
    "42501": "grant these rights to the user in DATABASE_URL",
    "42P05": "it is behind a transaction pooler: add pgbouncer=true to DATABASE_URL",
    "53": "give it more room, or open fewer connections",
    "55P03": "try again",
    "57": "look whether it runs, and try again",
    "58": "look at the disk of the database server",
}
_DRIVER_ERRORS = (
    SQLAlchemyError,
    sqlite3.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise what the drivers raise inside as a StoreError; ``where`` names the database and holds no secret.

    Raises Unavailable (connection lost, locked, full, read-only, no such database, timeout), NotFound (a foreign
    key without its target), Conflict (any other constraint) or a plain StoreError.
    """
    try:
        yield
    except _DRIVER_ERRORS as error:
        raise _translate(error, where) from error


def _translate(error: Exception, where: str) -> StoreError:
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, where)
    if isinstance(cause, asyncpg.PostgresError):
        return _from_postgres(cause, where)
    if isinstance(cause, asyncpg.ClientConfigurationError):
        return Misconfigured(f"{where} cannot be reached this way: {_text(cause)}; correct DATABASE_URL.")
    if isinstance(cause, SQLAlchemyError | ValueError) and not isinstance(cause, PoolTimeout):
        return _refused(cause, where)
    return _unavailable(cause, where, _POSTGRES_UNAVAILABLE["08"])


def _cause(error: Exception) -> BaseException:
    """What the driver itself raised, below the layers that SQLAlchemy puts around it."""
    if not isinstance(error, StatementError) or error.orig is None:
        return error
    if isinstance(error.orig, EmulatedDBAPIException):
        return error.orig.__cause__ or error.orig
    return error.orig


def _from_sqlite(error: sqlite3.Error, where: str) -> StoreError:
    # Errors that the sqlite3 module raises by itself carry no code: the connection is closed.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CANTOPEN)
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return NotFound()
    if code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
        return Conflict(f"{where} refused a row: {_text(error)}.")
    hint = _SQLITE_UNAVAILABLE.get(code & 0xFF)
    return _unavailable(error, where, hint) if hint else _refused(error, where)


def _from_postgres(error: asyncpg.PostgresError, where: str) -> StoreError:
    state = error.sqlstate or ""
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return NotFound()
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return Conflict(f"{where} refused a row: {_text(error)}.")
    hint = _POSTGRES_UNAVAILABLE.get(state) or _POSTGRES_UNAVAILABLE.get(state[:2])
    return _unavailable(error, where, hint) if hint else _refused(error, where)


def _unavailable(error: BaseException, where: str, hint: str) -> Unavailable:
    return Unavailable(f"{where} cannot be used ({_text(error)}); {hint}.")


def _refused(error: BaseException, where: str) -> StoreError:
    return StoreError(f"{where} refused a statement: {_text(error)}.")


def _text(error: BaseException) -> str:
    """Give the first line without a full stop; a timeout says nothing by itself."""
    return str(error).partition("\n")[0].strip().rstrip(".") or "it did not answer in time"
