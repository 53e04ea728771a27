"""What ``serve`` says when it is ready."""

from ipaddress import ip_address

from server.config import Settings
from server.version import VERSION
from stores.target import Driver, Target

MEMORY_NOTICE = (
    "Notes end with this process. To keep them: --data-dir DIR, ROUTA_DB_DRIVER=sqlite with ROUTA_DB_PATH, "
    "or DATABASE_URL."
)


def banner(settings: Settings, target: Target, host: str, port: int) -> str:
    """Give the lines: the link, the store, the data folder.

    Args:
        settings: what the server was told.
        target: the store in use.
        host: the address it listens on.
        port: the port it listens on.
    """
    authority = f"{_reachable(host)}:{port}"
    rows = [
        ("Open", f"http://{authority}/"),
        ("Editors", f"ws://{authority}/ws/{{workspaceId}}/{{noteId}}"),
        ("Store", target.label),
    ]
    if settings.data_dir is not None:
        rows.append(("Data", str(settings.data_dir)))
    if target.driver is Driver.MEMORY:
        rows.append(("Note", MEMORY_NOTICE))
    if target.warning is not None:
        rows.append(("Note", target.warning))
    lines = [f"Routa Notes {VERSION}", *(f"  {name:<8} {value}" for name, value in rows), "Ctrl+C stops the server."]
    return "\n".join(lines)


def _reachable(host: str) -> str:
    """An address to put into a link, for one to listen on."""
    address = ip_address(host)
    if address.is_unspecified:
        return "127.0.0.1"
    return f"[{host}]" if address.version == 6 else host
