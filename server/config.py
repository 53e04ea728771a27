"""Every setting, from flags, the environment and a ``.env`` file, in this order."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AliasChoices, BeforeValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from stores.target import Target, choose

KIBIBYTE = 1024
MEBIBYTE = 1024 * 1024
WebhookKind = Literal["change", "create", "delete", "connect", "disconnect"]
"""What a webhook may be about."""


class BadSettings(Exception):
    """A setting has a value that cannot be used."""


def _words(value: object) -> object:
    """Split what is written with commas between."""
    return tuple(word for part in value.split(",") if (word := part.strip())) if isinstance(value, str) else value


class Settings(BaseSettings):
    """What the server is told. The environment variable of a field is ``ROUTA_`` and its name, but ``DATABASE_URL``."""

    model_config = SettingsConfigDict(
        env_prefix="ROUTA_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8787, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    data_dir: Path | None = Field(None, description="Folder for the data; makes SQLite the default store.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="A Postgres URL; when set, the store is Postgres.",
    )
    db_driver: str | None = Field(None, description="`sqlite`, `memory` or `postgres`.")
    db_path: Path | None = Field(None, description="File of the SQLite database.")
    db_pool_size: int = Field(10, ge=1, le=1000, description="Connections to Postgres.")
    db_pooler: bool | None = Field(
        None, description="Whether Postgres is behind a transaction pooler; found out from the URL when not set."
    )
    db_timeout_seconds: float = Field(
        10.0, ge=1, description="How long a transaction on Postgres may take before it is made again."
    )
    sqlite_synchronous: str = Field(
        "NORMAL", description="`NORMAL`, or `FULL`: an acknowledgement then comes after fsync and survives power loss."
    )
    auth: Literal["on", "off"] = Field("on", description="`off` lets everybody in, with all rights.")
    auth_secret: SecretStr | None = Field(
        None, description="What tokens are signed with, the same on every server; kept in the data folder unless set."
    )
    auth_jwks: str | None = Field(
        None, description="URL or file of an identity provider's JSON Web Key Set: its tokens are taken, too."
    )
    auth_issuer: str | None = Field(None, description="The issuer (`iss`) that the provider's tokens must name.")
    auth_audience: str | None = Field(None, description="The audience (`aud`) that the provider's tokens must name.")
    auth_leeway_seconds: float = Field(60.0, ge=0, description="By how much the clocks of servers may differ.")
    auth_seconds: float = Field(
        10.0, gt=0, description="How long a connection may take to show a token that is good for something."
    )
    max_unauthenticated_bytes: int = Field(
        64 * 1024, ge=1024, description="What a connection may send before it has shown one."
    )
    max_documents: int = Field(100, ge=1, description="Documents that one Hocuspocus connection may have open.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = Field(
        (), description="Origins of web pages on other hosts that may use the server, with commas between; `*` for all."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = Field(
        ("127.0.0.1", "::1"),
        description="Addresses and networks of proxies whose `X-Forwarded-For` is believed, with commas between.",
    )
    header_seconds: float = Field(10.0, gt=0, description="How long a request may take to its headers' end, in all.")
    max_header_bytes: int = Field(64 * KIBIBYTE, ge=1024, description="Largest head of an HTTP request, in bytes.")
    max_headers: int = Field(100, ge=10, le=128, description="Headers of an HTTP request.")
    body_seconds: float = Field(60.0, gt=0, description="How long the body of a request may take, in all.")
    stall_seconds: float = Field(30.0, gt=0, description="How long a client may read nothing of an HTTP answer.")
    max_connections: int | None = Field(
        None, ge=1, description="Connections; when not set, nine tenths of the files that the process may open."
    )
    max_address_connections: int = Field(
        2000, ge=1, description="Connections from one address; an IPv6 network of 64 bits counts as one."
    )
    max_note_connections: int = Field(2000, ge=1, description="Clients on one note.")
    connection_bytes_per_second: int = Field(
        2 * MEBIBYTE, ge=0, description="Bytes a second that a connection may send for long; 0 for any number."
    )
    connection_burst_bytes: int = Field(
        32 * MEBIBYTE, ge=1024, description="Bytes that a connection may send at once, on top of that."
    )
    user_bytes_per_second: int = Field(
        8 * MEBIBYTE, ge=0, description="Bytes a second of all connections of a user together; 0 for any number."
    )
    user_burst_bytes: int = Field(64 * MEBIBYTE, ge=1024, description="Bytes that a user may send at once.")
    max_awareness_bytes: int = Field(
        64 * KIBIBYTE, ge=64, description="Largest awareness state of a client, in characters of JSON."
    )
    max_awareness_ids: int = Field(64, ge=1, description="Awareness ids of one client on a note.")
    max_note_awareness_bytes: int = Field(
        8 * MEBIBYTE, ge=1024, description="Awareness of all clients of a note; who comes on top of it is not shown."
    )
    max_note_awareness_ids: int = Field(
        10_000, ge=1, description="Awareness ids of all clients of a note; who comes on top of it is not shown."
    )
    hooks: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = Field(
        (), description="Modules with hooks, `package.module` or `package.module:object`, with commas between."
    )
    hook_seconds: float = Field(5.0, gt=0, description="How long a hook may take for an answer.")
    webhook_url: HttpUrl | None = Field(None, description="URL that webhooks are sent to.")
    webhook_secret: SecretStr | None = Field(
        None,
        description="What webhooks are signed with: `whsec_` and base64 of 24 to 64 bytes, or the bytes themselves.",
    )
    webhook_events: Annotated[tuple[WebhookKind, ...], NoDecode, BeforeValidator(_words)] = Field(
        get_args(WebhookKind), description="Which webhooks are sent, with commas between."
    )
    webhook_allow_private: bool = Field(
        False, description="Whether webhooks may be sent to addresses that are not public."
    )
    max_message_bytes: int = Field(16 * MEBIBYTE, ge=1024, description="Largest message of a client, in bytes.")
    max_body_bytes: int = Field(8 * MEBIBYTE, ge=1024, description="Largest body of an HTTP request, in bytes.")
    max_note_bytes: int = Field(64 * MEBIBYTE, ge=1024, description="Largest note, in bytes of its encoded document.")
    max_queue_bytes: int = Field(
        8 * MEBIBYTE, ge=1024, description="Bytes that may wait for a client that does not read, before it is closed."
    )
    max_backlog_bytes: int = Field(
        32 * MEBIBYTE, ge=1024, description="Bytes of a note that may wait for the store, before its edits are refused."
    )
    max_total_backlog_bytes: int = Field(
        256 * MEBIBYTE, ge=1024, description="The same for all notes together; edits are then refused everywhere."
    )
    merge_seconds: float = Field(
        0.0,
        ge=0,
        le=1,
        description="How long edits may be held back to be sent on together: cheaper where many type at once.",
    )
    room_idle_seconds: float = Field(30.0, ge=0, description="How long a note without clients stays in memory.")
    compact_updates: int = Field(500, ge=1, description="Log rows of a note after which it is compacted.")
    compact_bytes: int = Field(256 * KIBIBYTE, ge=1, description="Log bytes of a note after which it is compacted.")
    supervise: bool = Field(
        True, description="Whether a small process of its own starts the server again when native code has ended it."
    )
    shutdown_seconds: float = Field(10.0, ge=1, description="How long a stop may take.")

    def target(self) -> Target:
        """Choose the store.

        Raises:
            Misconfigured: the settings contradict each other or have an unknown value.
        """
        target = choose(
            database_url=None if self.database_url is None else self.database_url.get_secret_value(),
            driver=self.db_driver,
            path=self.db_path,
            data_dir=self.data_dir,
            synchronous=self.sqlite_synchronous,
            pool_size=self.db_pool_size,
            pooler=self.db_pooler,
        )
        return replace(target, timeout=self.db_timeout_seconds)


def load(**flags: Any) -> Settings:
    """Read the settings; a flag that is not ``None`` goes before the environment.

    Raises:
        BadSettings: in one sentence, naming the variable.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BadSettings(f"{variable(str(first['loc'][0]))}: {first['msg']}.") from None


def variable(field: str) -> str:
    """Name the environment variable of a field."""
    return "DATABASE_URL" if field.lower() == "database_url" else f"ROUTA_{field.upper()}"
