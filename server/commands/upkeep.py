"""The commands for what was put away: ``quarantine`` and ``repair``."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from server.address import BadAddress, parse_document_name
from server.commands.common import Failure, data_dir, load, run
from server.config import Settings
from server.repair import Part, Rebuilt, rebuild
from stores.engine import Database
from stores.notelog import Compacted, NoteKey, NoteLog
from stores.quarantine import Entry, Found, Kind, Quarantine
from stores.schema import upgrade

T = TypeVar("T")
_ATTEMPTS = 5
"""How often a note is read again when somebody changed it while it was being repaired."""


@click.command()
@data_dir
@click.option("--release", type=int, metavar="ID", help="Take this again: a running server does so within 5 seconds.")
@click.option("--export", nargs=2, type=(int, click.Path(path_type=Path)), metavar="ID FILE", help="Write its bytes.")
def quarantine(release: int | None, export: tuple[int, Path] | None, **flags: Any) -> None:
    """List the updates that ended the server, and the notes that cannot be loaded."""
    settings = load(**flags)
    if release is not None:
        entry = run(_with(settings, lambda database: Quarantine(database).release(release)))
        click.echo(
            f"Released {entry.id}: the {entry.kind} {entry.digest[:12]} of {entry.workspace_id}/{entry.note_id}."
        )
    elif export is not None:
        key, path = export
        payload = run(_with(settings, lambda database: Quarantine(database).payload(key)))
        _write(path, payload)
        click.echo(f"{len(payload)} bytes are in {path}.")
    else:
        _show(run(_with(settings, lambda database: Quarantine(database).list())))


async def _with(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    database = await Database.open(settings.target())
    try:
        await upgrade(database)
        return await work(database)
    finally:
        await database.close()


def _write(path: Path, payload: bytes) -> None:
    try:
        path.write_bytes(payload)
    except OSError as error:
        raise Failure(f"{path} cannot be written ({error.strerror}): name another file.") from None


def _show(entries: Sequence[Entry]) -> None:
    if not entries:
        click.echo("Nothing is in quarantine.")
        return
    rows = [("ID", "WHEN (UTC)", "NOTE", "WHAT", "BYTES", "DIGEST", "FROM", "WHY"), *map(_row, entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    for row in rows:
        click.echo("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[7]]))


def _row(entry: Entry) -> tuple[str, ...]:
    when = entry.created_at.strftime("%Y-%m-%d %H:%M:%S")
    note = f"{entry.workspace_id}/{entry.note_id}"
    size, digest = (str(entry.size), entry.digest[:12]) if entry.size else ("", "")
    return str(entry.id), when, note, entry.kind, size, digest, entry.sender, entry.reason


@click.command()
@click.argument("note", metavar="WORKSPACE/NOTE")
@data_dir
@click.option("--dry-run", is_flag=True, help="Say what would be left out, and change nothing.")
def repair(note: str, dry_run: bool, **flags: Any) -> None:
    """Rebuild a note that cannot be loaded from what of it can be read. The server may be running."""
    try:
        key = parse_document_name(note)
    except BadAddress as error:
        raise Failure(str(error)) from None
    for line in run(_with(load(**flags), lambda database: _repair(database, key, dry_run=dry_run))):
        click.echo(line)


async def _repair(database: Database, key: NoteKey, *, dry_run: bool) -> list[str]:
    log, put_away = NoteLog(database), Quarantine(database)
    for _ in range(_ATTEMPTS):
        stored = await log.read(key)
        rebuilt = await asyncio.to_thread(rebuild, stored)
        lines = _report(key, rebuilt)
        if dry_run:
            return [*lines, "Nothing was changed."]
        if not rebuilt.dropped:
            await put_away.admit(*key)
            return [*lines, "It is open to everybody."]
        if await log.compact(key, stored, _settled(put_away, key, rebuilt)):
            return [*lines, "What was left out is kept: see routa-notes quarantine. The note can be opened again."]
    raise Failure(f"Somebody goes on changing {'/'.join(key)}: try again.")


def _settled(put_away: Quarantine, key: NoteKey, rebuilt: Rebuilt) -> Compacted:
    async def settle(connection: AsyncConnection) -> None:
        found = [
            Found(*key, Kind.DROPPED, part.payload, f"Left out by a repair: {part.name}.") for part in rebuilt.dropped
        ]
        await put_away.put(connection, found, datetime.now(UTC))
        await put_away.let_in(connection, *key)

    return Compacted(*rebuilt.compacted, settle)


def _report(key: NoteKey, rebuilt: Rebuilt) -> list[str]:
    where, total = "/".join(key), rebuilt.kept + len(rebuilt.dropped)
    if not rebuilt.dropped:
        return [f"{where}: all {total} parts can be read."]
    lines = [f"{where}: {len(rebuilt.dropped)} of {total} parts cannot be used and are left out:"]
    lines += [_line(part) for part in rebuilt.dropped]
    if rebuilt.compacted.pending is not None:
        lines.append("Some of what is kept builds on what is left out, and waits for it without being shown.")
    return lines


def _line(part: Part) -> str:
    return f"  {part.name}, {len(part.payload)} bytes"
