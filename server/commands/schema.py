"""``migrate`` brings the database's schema up to date, ``check`` compares it."""

from typing import Any

import click

from server.commands.common import data_dir, load, opened, run
from server.config import Settings
from stores.schema import drift, upgrade


@click.command()
@data_dir
def migrate(**flags: Any) -> None:
    """Bring the database's schema up to date."""
    run(_migrate(load(**flags)))
    click.echo("The schema is up to date.")


async def _migrate(settings: Settings) -> None:
    async with opened(settings) as database:
        await upgrade(database)


@click.command()
@data_dir
def check(**flags: Any) -> None:
    """Compare the database's schema with the one this release expects; exit status 1 if they differ."""
    differences = run(_check(load(**flags)))
    for difference in differences:
        click.echo(difference)
    if differences:
        raise SystemExit(1)
    click.echo("The schema is what this release expects.")


async def _check(settings: Settings) -> list[str]:
    async with opened(settings) as database:
        return await drift(database)
