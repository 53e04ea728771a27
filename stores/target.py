"""Which store runs: chosen from the settings, before anything is opened."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from stores.dsn import parse_dsn
from stores.errors import Misconfigured

FILE_NAME = "routa-notes.db"
"""The SQLite file, where only a folder was named."""
_SYNCHRONOUS = ("NORMAL", "FULL")


class Driver(StrEnum):
    """The three stores, as ``ROUTA_DB_DRIVER`` names them."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"
    MEMORY = "memory"


@dataclass(frozen=True)
class Target:
    """The store that was chosen and all it takes to open it."""

    driver: Driver
    label: str
    """For people: which store and where; a password is masked."""
    path: Path | None = None
    """The SQLite file."""
    warning: str | None = None
    """A sentence about a setting that has no effect."""
    synchronous: str = "NORMAL"
    """SQLite's ``synchronous``: NORMAL, or FULL (a commit is on the disk before it counts)."""
    pool_size: int = 10
    """The most connections to Postgres."""
    pooler: bool = False
    """Behind a transaction pooler: nothing may outlive a transaction, named prepared statements least of all."""
    busy_timeout: float = 5.0
    """Seconds to wait for another process's lock, or for a free connection."""
    timeout: float = 10.0
    """Seconds that a transaction on Postgres may take."""
    dsn: str = field(default="", repr=False)
    """What asyncpg connects to; holds the password."""
    system_ca: bool = False
    """Verify the certificate of Postgres against those of this machine."""


def choose(
    *,
    database_url: str | None,
    driver: str | None,
    path: Path | None,
    data_dir: Path | None,
    synchronous: str = "NORMAL",
    pool_size: int = 10,
    pooler: bool | None = None,
    busy_timeout: float = 5.0,
) -> Target:
    """Say which store the settings ask for; reads no file and opens nothing.

    ``database_url`` set: Postgres. Else ``driver`` "sqlite": the file ``path``, or routa-notes.db in ``data_dir`` or
    the current folder. Else ``data_dir`` set and no ``driver``: SQLite there. Else memory. Empty strings count as
    unset. ``pooler`` None: seen from the URL. Raises Misconfigured for a contradiction or an unknown value.
    """
    if pool_size < 1:
        raise Misconfigured(f"The size of the connection pool is {pool_size}: it must be 1 or more.")
    if synchronous not in _SYNCHRONOUS:
        raise Misconfigured(f'SQLite\'s synchronous is "{synchronous}": write NORMAL or FULL.')
    url = (database_url or "").strip()
    # Path("") is Path("."), and a folder is no database file.
    file = None if path in (None, Path()) else path
    chosen = _driver(url, driver, file, data_dir)
    if chosen is Driver.POSTGRES:
        return _postgres(url, file, pool_size, pooler, busy_timeout)
    if file == Path(":memory:"):
        raise Misconfigured("ROUTA_DB_PATH names a file: for notes in memory set ROUTA_DB_DRIVER=memory instead.")
    if chosen is Driver.SQLITE:
        return _sqlite(file or (data_dir or Path()) / FILE_NAME, synchronous, busy_timeout)
    return _memory(file)


def _driver(url: str, name: str | None, path: Path | None, data_dir: Path | None) -> Driver:
    driver = _named(name)
    if url:
        if driver not in (None, Driver.POSTGRES):
            raise Misconfigured(f"DATABASE_URL is set and ROUTA_DB_DRIVER says {driver}: unset one of them.")
        return Driver.POSTGRES
    if driver is Driver.POSTGRES:
        raise Misconfigured("ROUTA_DB_DRIVER says postgres, but DATABASE_URL is not set: set it to the database's URL.")
    if driver is Driver.MEMORY and path:
        raise Misconfigured("ROUTA_DB_PATH is set and ROUTA_DB_DRIVER says memory: unset one of them.")
    if driver is None:
        return Driver.SQLITE if data_dir else Driver.MEMORY
    return driver


def _named(name: str | None) -> Driver | None:
    text = (name or "").strip().lower()
    if not text:
        return None
    try:
        return Driver(text)
    except ValueError:
        raise Misconfigured(
            f'ROUTA_DB_DRIVER is "{name}": write postgres, sqlite or memory, or leave it unset.'
        ) from None


def _postgres(url: str, path: Path | None, pool_size: int, pooler: bool | None, busy_timeout: float) -> Target:
    dsn = parse_dsn(url)
    return Target(
        Driver.POSTGRES,
        f"Postgres at {dsn.label}",
        warning="ROUTA_DB_PATH has no effect: DATABASE_URL is set, so notes are kept in Postgres." if path else None,
        pool_size=pool_size,
        pooler=dsn.pooler if pooler is None else pooler,
        busy_timeout=busy_timeout,
        dsn=dsn.url,
        system_ca=dsn.system_ca,
    )


def _sqlite(path: Path, synchronous: str, busy_timeout: float) -> Target:
    return Target(
        Driver.SQLITE,
        f"SQLite file {path}",
        path=path,
        synchronous=synchronous,
        busy_timeout=busy_timeout,
    )


def _memory(path: Path | None) -> Target:
    warning = (
        "ROUTA_DB_PATH has no effect: notes are kept in memory; set ROUTA_DB_DRIVER=sqlite to keep them in that file."
        if path
        else None
    )
    return Target(Driver.MEMORY, "memory", warning=warning)
