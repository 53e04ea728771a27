"""Which tokens a server takes, from its settings."""

from ipaddress import ip_address

from server.auth.keysets import key_set
from server.auth.secret import checked, kept, made
from server.auth.tokens import Audience, Tokens
from server.config import Settings
from stores.errors import Misconfigured


def tokens_of(settings: Settings) -> Tokens | None:
    """Give what makes and reads tokens; None when the settings turn them off.

    Raises:
        Misconfigured: there is no secret that could be used, or a key set that is none.
    """
    if settings.auth == "off":
        return None
    keys = None if settings.auth_jwks is None else key_set(settings.auth_jwks)
    audience = Audience(settings.auth_issuer, settings.auth_audience)
    return Tokens(_secret(settings), keys, audience, settings.auth_leeway_seconds)


def _secret(settings: Settings) -> str | None:
    if settings.auth_secret is not None:
        return checked("ROUTA_AUTH_SECRET", settings.auth_secret.get_secret_value())
    if settings.data_dir is not None:
        return kept(settings.data_dir)
    if settings.auth_jwks is not None:
        return None
    if is_loopback(settings.host):
        return made()
    raise Misconfigured(
        f"The server would be reached from outside ({settings.host}), and has nothing to tell who is who by: set "
        "ROUTA_AUTH_SECRET (`openssl rand -hex 32`), ROUTA_AUTH_JWKS or --data-dir; ROUTA_AUTH=off lets everybody in."
    )


def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
