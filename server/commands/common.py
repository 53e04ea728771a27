"""What all commands have in common: how they are told of settings, run, and fail."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
import uvloop

from server import config
from server.config import BadSettings, Settings
from stores.engine import Database
from stores.errors import StoreError

T = TypeVar("T")


class Failure(click.ClickException):
    """What stops a command before it has begun: one sentence, exit status 2."""

    exit_code = 2


data_dir = click.option(
    "--data-dir", type=click.Path(path_type=Path), help="Folder for the data; makes SQLite the default store."
)


def load(**flags: Any) -> Settings:
    """Read the settings; a flag goes before the environment. Raises Failure."""
    try:
        return config.load(**flags)
    except BadSettings as error:
        raise Failure(str(error)) from None


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run some work to its end; raises Failure for what the store did not do, and for what cannot be loaded."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except (StoreError, BadSettings) as error:
        raise Failure(str(error)) from None


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """Give the database that the settings name, and close it at the end; raises StoreError."""
    database = await Database.open(settings.target())
    try:
        yield database
    finally:
        await database.close()
