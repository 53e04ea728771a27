"""A Postgres URL as people paste it, made into one that asyncpg reads."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from stores.errors import Misconfigured

_SCHEME = re.compile(r"postgres(ql)?(\+\w+)?")
_HOST = re.compile(r"(\[[^]]+]|[^:@[\]]*)(:(?P<port>\d{1,5}))?")
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_ALIASES = {"true": "require", "1": "require", "no-verify": "require", "false": "disable", "0": "disable"}
_TRANSACTION_PORT = 6543
"""Where Supabase's transaction pooler listens, and by its example others."""

# What other clients and frameworks read from the URL; Postgres itself would refuse these as unknown settings.
_FOREIGN_NAMES = """
    channel_binding client_encoding connect_timeout connection_limit fallback_application_name gssencmode
    keepalives keepalives_count keepalives_idle keepalives_interval load_balance_hosts max_idle_connection_lifetime
    pgbouncer pool_mode pool_timeout prepared_statement_cache_size prepareThreshold prepared_statements requiressl
    require_auth schema socket_timeout ssl sslaccept sslcertmode sslcompression sslsni statement_cache_size supa
    tcp_user_timeout workaround
"""
_FOREIGN = frozenset(_FOREIGN_NAMES.split())


@dataclass(frozen=True)
class Dsn:
    """Where a Postgres database is: ``url`` for asyncpg, ``label`` (password masked) for people."""

    url: str = field(repr=False)
    label: str
    pooler: bool
    """It looks like a transaction pooler: Neon's ``-pooler`` hosts, port 6543, ``pgbouncer=true``."""
    system_ca: bool
    """``sslrootcert=system``: verify against the certificates of this machine."""


@dataclass(frozen=True)
class _Authority:
    user: str
    password: str = field(repr=False)
    hosts: str


def parse_dsn(text: str) -> Dsn:
    """Read a Postgres URL of any usual spelling; raises Misconfigured without ever repeating the password."""
    try:
        parts = urlsplit(text.strip().strip("'\"").strip())
    except ValueError:  # its text may quote the password
        raise _unreadable() from None
    if not _SCHEME.fullmatch(parts.scheme):
        raise Misconfigured(
            "DATABASE_URL is not the URL of a Postgres database: write postgresql://user:password@host/database."
        )
    # A password with a raw "#", "/" or "?" ends the authority early: its tail, and the "@", come later.
    if parts.fragment or "@" in parts.path or ("@" in parts.query and "@" not in parts.netloc):
        raise _unreadable()
    authority = _authority(parts.netloc)
    query = dict(parse_qsl(parts.query))
    hosts = authority.hosts or query.get("host", "")
    return Dsn(
        url=_url(authority, parts.path, _settings(query)),
        label=_label(authority, parts.path, query.get("host")),
        pooler=_is_pooler(hosts, query),
        system_ca=query.get("sslrootcert") == "system",
    )


def _authority(netloc: str) -> _Authority:
    userinfo, _, hosts = netloc.rpartition("@")
    user, _, password = userinfo.partition(":")
    for host in hosts.split(","):
        match = _HOST.fullmatch(host)
        if match is None or int(match["port"] or 0) > 0xFFFF:
            raise _unreadable()
    return _Authority(unquote(user), unquote(password), hosts)


def _unreadable() -> Misconfigured:
    return Misconfigured(
        "DATABASE_URL cannot be read: write postgresql://user:password@host:port/database, and percent-encode "
        "special characters in the password (%40 for @, %23 for #, %2F for /, %3A for :, %3F for ?)."
    )


def _settings(query: dict[str, str]) -> dict[str, str]:
    """Keep what asyncpg and Postgres know, in their words."""
    settings = {name: value for name, value in query.items() if name not in _FOREIGN}
    if query.get("sslrootcert") == "system":
        del settings["sslrootcert"]
        settings.pop("sslmode", None)
    elif mode := query.get("sslmode") or query.get("ssl"):
        settings["sslmode"] = _ssl_mode(mode)
    if query.get("schema", "public") != "public":  # Prisma's word for the search path
        settings["search_path"] = query["schema"]
    return settings


def _ssl_mode(text: str) -> str:
    mode = _SSL_ALIASES.get(text, text)
    if mode not in _SSL_MODES:
        raise Misconfigured(f"DATABASE_URL has an unknown sslmode: write one of {', '.join(_SSL_MODES)}.")
    return mode


def _is_pooler(hosts: str, query: dict[str, str]) -> bool:
    ports = [match["port"] for host in hosts.split(",") if (match := _HOST.fullmatch(host))]
    return (
        "-pooler" in hosts
        or str(_TRANSACTION_PORT) in [*ports, query.get("port")]
        or query.get("pgbouncer", "").lower() in {"true", "1"}
    )


def _url(authority: _Authority, path: str, settings: dict[str, str]) -> str:
    userinfo = quote(authority.user, safe="")
    if authority.password:
        userinfo += ":" + quote(authority.password, safe="")
    location = f"{userinfo}@{authority.hosts}" if userinfo else authority.hosts
    return f"postgresql://{location}{path.rstrip('/')}" + (f"?{urlencode(settings)}" if settings else "")


def _label(authority: _Authority, path: str, host: str | None) -> str:
    user = authority.user + (":***" if authority.password else "")
    location = f"{user}@{authority.hosts}" if user else authority.hosts
    return f"postgresql://{location}{path.rstrip('/')}" + (f"?host={host}" if host else "")
