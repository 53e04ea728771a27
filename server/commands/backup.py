"""``routa-notes backup`` and ``routa-notes restore``."""

from pathlib import Path

import click

from server.commands.common import data_dir, load, run
from server.commands.progress import Lines
from stores import backup as backups

_file = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@data_dir
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@_file
def backup(data_dir: Path | None, force: bool, file: Path) -> None:
    """Write all that the store holds into FILE, while servers go on using it."""
    target = load(data_dir=data_dir).target()
    run(backups.backup(target, file, Lines(), replace=force))
    click.echo(f"{file} holds all of {target.label}, {file.stat().st_size} bytes.")


@click.command()
@data_dir
@click.option("--force", is_flag=True, help="Delete first what the store holds.")
@_file
def restore(data_dir: Path | None, force: bool, file: Path) -> None:
    """Put the backup FILE into an empty store; stop its servers first."""
    target = load(data_dir=data_dir).target()
    made = run(backups.restore(file, target, Lines(), replace=force))
    click.echo(f"{target.label} is as it was when {file} was made, {made}.")
