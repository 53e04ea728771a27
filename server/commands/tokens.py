"""``token`` makes one, ``revoke`` takes one back."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import click

from server.access import Access, Grant
from server.auth.setup import tokens_of
from server.auth.tokens import Tokens, named
from server.banner import link
from server.clock import utc_now
from server.commands.common import Failure, data_dir, load, opened, run
from server.config import Settings
from stores.errors import Misconfigured
from stores.records.revoked_tokens import Remaining, RevokedTokens
from stores.target import Driver

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_LONGEST = 10 * 366 * 86_400


class Duration(click.ParamType[float | None]):
    """A time such as ``12h``, ``7d`` or ``never``, in seconds; None for ever."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        """Read it."""
        if value == "never":
            return None
        match = re.fullmatch(r"(\d{1,9})([smhdw])", str(value))
        seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
        if not 0 < seconds <= _LONGEST:
            self.fail(f'"{value}" is no time: write 90s, 30m, 12h, 7d, 2w (ten years at most) or never.', param, ctx)
        return float(seconds)


@click.command()
@click.option("--workspace", required=True, help="The workspace that it is for; * for all.")
@click.option("--note", help="The only note that it is for.")
@click.option("--read-only", is_flag=True, help="It reads and does not write.")
@click.option("--admin", is_flag=True, help="It also changes and deletes the workspace, and makes tokens.")
@click.option("--name", help="Who uses it, for people.")
@click.option("--expires", type=Duration(), default="30d", show_default=True, help="How long it holds: 12h, 7d, never.")
@data_dir
def token(
    workspace: str,
    note: str | None,
    name: str | None,
    expires: float | None,
    *,
    read_only: bool,
    admin: bool,
    **flags: Any,
) -> None:
    """Make a token, and print it; its id and a link with it go to standard error."""
    if read_only and admin:
        raise click.UsageError("A token is either --read-only or --admin.")
    settings = load(**flags)
    access = Access.READ if read_only else Access.ADMIN if admin else Access.WRITE
    now = time.time()
    end = None if expires is None else now + expires
    issued = _tokens(settings).make([Grant(workspace, access, note)], now, end, name)
    until = "never expires" if end is None else f"expires {datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M} UTC"
    place = link(settings.host, settings.port, issued.token, workspace, note)
    click.echo(f"id {issued.id}, {until}\n{place}", err=True)
    click.echo(issued.token)


def _tokens(settings: Settings) -> Tokens:
    try:
        tokens = tokens_of(settings)
    except Misconfigured as error:
        raise Failure(str(error)) from None
    if tokens is None:
        raise Failure("ROUTA_AUTH=off: the server asks for no tokens.")
    if settings.auth_secret is None and settings.data_dir is None:
        raise Failure(
            "There is no secret to sign with that the server knows: set ROUTA_AUTH_SECRET, or name its --data-dir."
        )
    return tokens


@click.command()
@click.argument("token_or_id", metavar="ID")
@click.option("--read-only", is_flag=True, help="Leave it to read.")
@data_dir
def revoke(token_or_id: str, *, read_only: bool, **flags: Any) -> None:
    """Take a token back, named by its id or by itself. Who is connected with it is closed within seconds."""
    settings = load(**flags)
    remaining: Remaining = "read" if read_only else "none"
    meant = named(token_or_id)
    end = None if meant.expires_at is None else datetime.fromtimestamp(meant.expires_at, UTC)
    run(_revoke(settings, meant.id, remaining, end))
    click.echo(f"{meant.id} is {'read-only' if read_only else 'taken back'}.")


async def _revoke(settings: Settings, key: str, remaining: Remaining, end: datetime | None) -> None:
    if settings.target().driver is Driver.MEMORY:
        raise Misconfigured("There is no database to write it in: name the server's, or use POST /api/tokens/revoke.")
    async with opened(settings) as database:
        await RevokedTokens(database).revoke(key, utc_now(), remaining, end)
