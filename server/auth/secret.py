"""The secret that this server signs its own tokens with."""

import contextlib
import os
import re
import secrets
import tempfile
from pathlib import Path

from stores.errors import Misconfigured

FILE = "auth.secret"
"""Its name in the data folder."""
SHORTEST = 32
"""How many characters a secret has at least: HS256 wants 256 bits (RFC 7518, 3.2)."""
_FEWEST_DIFFERENT = 8
_PLACEHOLDER = re.compile(
    r"change.?(me|this|it)|replace.?(me|this|it)|your.?(own|secret|key)|place.?holder|example|insert.?|dummy|super.?secret|todo",
    re.IGNORECASE,
)
_HOW_TO = "make one with `openssl rand -hex 32`"


def checked(name: str, secret: str) -> str:
    """Give a secret back if it is one.

    Args:
        name: the variable that it came from.
        secret: what stood there.

    Raises:
        Misconfigured: it is short, or a placeholder.
    """
    if len(secret) < SHORTEST:
        raise Misconfigured(f"{name} has {len(secret)} characters, and needs {SHORTEST} at least: {_HOW_TO}.")
    if _PLACEHOLDER.search(secret) or len(set(secret)) < _FEWEST_DIFFERENT:
        raise Misconfigured(f"{name} is a placeholder that everybody can guess: {_HOW_TO}.")
    return secret


def kept(folder: Path) -> str:
    """Give the secret that is kept in a folder, made the first time. Several servers may ask at once.

    Raises:
        Misconfigured: it cannot be read or written, or others may read it.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        if path.stat().st_mode & 0o077:
            raise Misconfigured(f"{path} can be read by others: run `chmod 600 {path}`.")
        return checked(str(path), path.read_text().strip())
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be used ({error.strerror}): let the server's user write to its folder, "
            "or set ROUTA_AUTH_SECRET."
        ) from error


def _make(path: Path) -> None:
    """Write a whole file beside it first, so that nobody ever reads half a secret; the first one there stays."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{FILE}-") as draft:  # has the mode 600
        draft.write(made() + "\n")
        draft.flush()
        os.fsync(draft.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft.name, path)


def made() -> str:
    """Make a secret."""
    return secrets.token_hex(32)
