"""A backup of a store that may be in use, and a store made of a backup."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.archive import publish, seal, verify
from stores.engine import Database
from stores.errors import Conflict, Misconfigured, Unavailable
from stores.schema import require_current, upgrade
from stores.tables import metadata, notes, schema_history, workspaces
from stores.target import Driver, Target
from stores.transfer import Progress, clear, transfer


async def backup(target: Target, file: Path, told: Progress, *, replace: bool = False) -> None:
    """Write all that a store holds at one moment into a file; who uses the store goes on meanwhile.

    The file has its name only once it is whole. Raises Conflict when it is there already and ``replace`` is not set;
    Misconfigured, Unavailable, SchemaMismatch when the store cannot be read.
    """
    _check_kept(target)
    _check_places(target, file, replace)
    try:
        with TemporaryDirectory(dir=file.parent, prefix=".routa-backup-") as folder:
            made = Path(folder) / "backup.db"
            await _copy(target, made, told)
            await asyncio.to_thread(seal, made)
            await asyncio.to_thread(publish, made, file)
    except OSError as error:
        raise Unavailable(f"The backup {file} cannot be written ({error.strerror}).") from error


def _check_places(target: Target, file: Path, replace: bool) -> None:
    if target.path is not None and not target.path.is_file():
        raise Unavailable(f"There is no {target.label}: name the store that the server uses.")
    if not file.parent.is_dir():
        raise Unavailable(f"There is no folder {file.parent}: make it, or name another one for the backup.")
    if file.is_dir() or (file.exists() and not replace):
        raise Conflict(f"{file} is there already: name another file, or say --force to replace it.")


async def _copy(target: Target, path: Path, told: Progress) -> None:
    source = await Database.open(target)
    try:
        await require_current(source)
        copy = await Database.open(_file(path))
        try:
            await upgrade(copy)
            async with source.read(unlimited=True) as reading, copy.migrate() as writing:
                await clear(writing)
                await transfer((source, reading), (copy, writing), told)
        finally:
            await copy.close()
    finally:
        await source.close()


async def restore(file: Path, target: Target, told: Progress, *, replace: bool = False) -> str:
    """Put a backup into a store, all of it or (killed midway) nothing; when it was made (ISO 8601, UTC).

    An older backup is brought to this release's schema. Raises NotABackup; SchemaMismatch when either is of a newer
    release; Conflict when the store holds something and ``replace`` is not set, or a server runs on the SQLite file;
    Misconfigured, Unavailable when the store cannot be written.
    """
    _check_kept(target)
    try:
        with TemporaryDirectory(prefix="routa-restore-") as folder:
            copied = Path(folder) / "backup.db"
            made = await asyncio.to_thread(_take, file, copied)
            source = await Database.open(_file(copied))
            try:
                await upgrade(source)
                await _fill(source, target, told, replace)
            finally:
                await source.close()
            return made
    except OSError as error:
        raise Unavailable(f"The backup {file} cannot be read ({error.strerror}).") from error


def _take(file: Path, copied: Path) -> str:
    """Copy a backup to where it may be migrated, and verify it."""
    made = verify(file)
    shutil.copyfile(file, copied)
    return made


async def _fill(source: Database, target: Target, told: Progress, replace: bool) -> None:
    await asyncio.to_thread(_check_alone, target)
    store = await Database.open(target)
    try:
        await upgrade(store)
        async with source.read(unlimited=True) as reading, store.migrate() as writing:
            if not replace:
                await _check_empty(writing, target.label)
            await clear(writing)
            await transfer((source, reading), (store, writing), told)
    finally:
        await store.close()


def _file(path: Path) -> Target:
    return Target(Driver.SQLITE, f"backup {path.name}", path=path)


def _check_kept(target: Target) -> None:
    if target.driver is Driver.MEMORY:
        raise Misconfigured(
            "No store is named, and notes in memory end with their process: set DATABASE_URL, ROUTA_DB_PATH with "
            "ROUTA_DB_DRIVER=sqlite, or --data-dir."
        )


def _check_alone(target: Target) -> None:
    """Refuse a SQLite file that somebody has open: leaving the WAL mode takes being alone."""
    if target.path is None or not target.path.is_file():
        return
    with closing(sqlite3.connect(target.path, timeout=0)) as link:
        try:
            link.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise Conflict(
                f"{target.label} is in use: stop the server before you restore a backup ({error})."
            ) from error


async def _check_empty(connection: AsyncConnection, where: str) -> None:
    """Refuse a store that holds more than what a server makes at its first start."""
    written = or_(notes.c.id != "spec", notes.c.content != "")
    conditions = {workspaces.name: workspaces.c.id != "default", notes.name: written}
    for table in metadata.sorted_tables:
        if table is schema_history:
            continue
        query = select(func.count()).select_from(table).where(conditions.get(table.name, true()))
        found = (await connection.execute(query)).scalar_one()
        if found:
            raise Conflict(
                f"{where} is not empty ({found} rows in {table.name}): name an empty store, or say --force to delete "
                "all that it holds and put the backup in its place."
            )
