"""The command ``routa-notes``."""

import gc
import logging
import socket
import sys
from typing import Any

import click

from server.app import running
from server.auth.setup import is_loopback
from server.banner import banner
from server.commands import backup, schema, tokens, upkeep
from server.commands.common import Failure, data_dir, load, run
from server.config import Settings
from server.culprit import OWNER
from server.flightrecorder import FlightRecorder
from server.runner import NotesServer, listen
from server.service import Service
from server.supervisor import Flight, Supervisor
from server.version import VERSION
from stores.errors import StoreError
from stores.target import Driver

logger = logging.getLogger("routa")

OWNER_SECONDS = 30 * 86_400
"""How long that token holds."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="routa-notes")
def main() -> None:
    """Routa Notes: many editors, one note, kept."""


COMMANDS = (
    schema.migrate,
    schema.check,
    backup.backup,
    backup.restore,
    tokens.token,
    tokens.revoke,
    upkeep.quarantine,
    upkeep.repair,
)
for command in COMMANDS:
    main.add_command(command)


@main.command()
@click.option("--host", help="Address to listen on (127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (8787); 0 takes any free one.")
@data_dir
@click.option("--hooks", help="Modules with hooks, as package.module or package.module:object, with commas between.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="How much is logged (info)."
)
@click.option(
    "--supervise/--no-supervise", default=None, help="Start the server again when it has crashed (yes), or leave that."
)
def serve(**flags: Any) -> None:
    """Start the server."""
    settings = load(**flags)
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
        run(_serve(settings, sock, _take_off(settings, sock)))


def _take_off(settings: Settings, sock: socket.socket) -> Flight:
    """Give what the server is told; with a supervisor, this returns in the server, as often as one is started."""
    recorder = FlightRecorder(settings.max_message_bytes)
    if not settings.supervise:
        return Flight(recorder)
    gc.freeze()
    try:
        lasting = settings.target().driver is not Driver.MEMORY
    except StoreError as error:
        raise Failure(str(error)) from None
    return Supervisor(recorder, logger.error, settings.shutdown_seconds + 5, lasting=lasting).run(sock)


async def _serve(settings: Settings, sock: socket.socket, flight: Flight) -> None:
    async with running(settings, flight=flight) as service:
        host, port = sock.getsockname()[:2]
        if not service.auth.required and not is_loopback(host):
            logger.warning("ROUTA_AUTH=off: whoever reaches %s port %d reads and writes every note.", host, port)
        lines = banner(settings, service.database.target, host, port, _owners_token(service, host))
        _spare_the_collector()

        def ready() -> None:
            flight.recorder.ready()
            if not flight.restarts:
                click.echo(lines)

        await NotesServer(service, ready=ready).serve(sockets=[sock])


def _owners_token(service: Service, host: str) -> str | None:
    """Make a token for whoever sits at this machine; elsewhere what is printed often ends in a log."""
    return service.auth.owners_token(OWNER, OWNER_SECONDS) if is_loopback(host) else None


def _spare_the_collector() -> None:
    """Let the garbage collector pass over what is loaded by now, and come less often: each time everybody waits."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


if __name__ == "__main__":
    main()
