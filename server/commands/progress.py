"""How far a long command has come, on standard error: one line a table."""

import sys

import click


class Lines:
    """Writes one line a table; on a terminal it counts up in its place."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def __call__(self, table: str, done: int, total: int) -> None:
        """Take note that so many rows of a table are done."""
        if done >= total:
            click.echo(f"\r{table}: {done} rows" if self._live else f"{table}: {done} rows", err=True)
        elif self._live:
            click.echo(f"\r{table}: {done} of {total} rows", err=True, nl=False)
