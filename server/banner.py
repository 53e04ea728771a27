"""What ``serve`` says when it is ready."""

from ipaddress import ip_address
from urllib.parse import quote

from server.config import Settings
from server.version import VERSION
from stores.target import Driver, Target

MEMORY_NOTICE = (
    "Notes end with this process. To keep them: --data-dir DIR, ROUTA_DB_DRIVER=sqlite with ROUTA_DB_PATH, "
    "or DATABASE_URL."
)
TOKENS_NOTICE = "A token is needed: `routa-notes token --workspace '*' --admin` prints one, and a link that carries it."


def banner(settings: Settings, target: Target, host: str, port: int, token: str | None = None) -> str:
    """Give the lines: the link, the store, the data folder.

    Args:
        settings: what the server was told.
        target: the store in use.
        host: the address it listens on.
        port: the port it listens on.
        token: what the link carries.
    """
    rows = [
        ("Open", link(host, port, token)),
        ("Editors", f"ws://{_authority(host, port)}/ws/{{workspaceId}}/{{noteId}}"),
        ("Store", target.label),
    ]
    if settings.data_dir is not None:
        rows.append(("Data", str(settings.data_dir)))
    if token is None and settings.auth == "on":
        rows.append(("Note", TOKENS_NOTICE))
    if target.driver is Driver.MEMORY:
        rows.append(("Note", MEMORY_NOTICE))
    if target.warning is not None:
        rows.append(("Note", target.warning))
    lines = [f"Routa Notes {VERSION}", *(f"  {name:<8} {value}" for name, value in rows), "Ctrl+C stops the server."]
    return "\n".join(lines)


def link(host: str, port: int, token: str | None = None, workspace: str | None = None, note: str | None = None) -> str:
    """Give a link to the notes, or to one.

    The token is behind a ``#``: what stands there is not sent to any server, and so is in no log.
    """
    path = f"w/{quote(workspace, safe='')}/{quote(note, safe='')}" if workspace and note else ""
    return f"http://{_authority(host, port)}/{path}" + (f"#token={token}" if token else "")


def _authority(host: str, port: int) -> str:
    return f"{_reachable(host)}:{port}"


def _reachable(host: str) -> str:
    """An address to put into a link, for one to listen on."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host
