"""The command ``routa-notes``."""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click
import uvloop

from server import config
from server.app import running
from server.banner import banner
from server.config import BadSettings, Settings
from server.runner import NotesServer, listen
from server.version import VERSION
from stores.engine import Database
from stores.errors import StoreError
from stores.schema import drift, upgrade

T = TypeVar("T")


class Failure(click.ClickException):
    """What stops a command before it has begun: one sentence, exit status 2."""

    exit_code = 2


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="routa-notes")
def main() -> None:
    """Routa Notes: many editors, one note, kept."""


_data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Folder for the data; makes SQLite the default store."
)


@main.command()
@click.option("--host", help="Address to listen on (127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (8787); 0 takes any free one.")
@_data_dir
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="How much is logged (info)."
)
def serve(**flags: Any) -> None:
    """Start the server."""
    settings = _load(**flags)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    for name in ("uvicorn.error", "alembic"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    try:
        sock = listen(settings.host, settings.port)
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        raise Failure(f"Cannot listen on {where} ({error.strerror}): choose another with --port or --host.") from None
    with sock:
        _run(_serve(settings, sock))


async def _serve(settings: Settings, sock: socket.socket) -> None:
    async with running(settings) as service:
        host, port = sock.getsockname()[:2]
        lines = banner(settings, service.database.target, host, port)
        _spare_the_collector()
        await NotesServer(service, ready=lambda: click.echo(lines)).serve(sockets=[sock])


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what is loaded by now, and come less often: each time everybody waits."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@main.command()
@_data_dir
def migrate(**flags: Any) -> None:
    """Bring the database's schema up to date."""
    settings = _load(**flags)
    _run(_migrate(settings))
    click.echo("The schema is up to date.")


async def _migrate(settings: Settings) -> None:
    database = await Database.open(settings.target())
    try:
        await upgrade(database)
    finally:
        await database.close()


@main.command()
@_data_dir
def check(**flags: Any) -> None:
    """Compare the database's schema with the one this release expects; exit status 1 if they differ."""
    differences = _run(_check(_load(**flags)))
    for difference in differences:
        click.echo(difference)
    if differences:
        raise SystemExit(1)
    click.echo("The schema is what this release expects.")


async def _check(settings: Settings) -> list[str]:
    database = await Database.open(settings.target())
    try:
        return await drift(database)
    finally:
        await database.close()


def _load(**flags: Any) -> Settings:
    try:
        return config.load(**flags)
    except BadSettings as error:
        raise Failure(str(error)) from None


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except StoreError as error:
        raise Failure(str(error)) from None


if __name__ == "__main__":
    main()
