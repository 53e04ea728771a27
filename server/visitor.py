"""Who comes, as the hooks are told."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from server.hooks import Connection, Protocol
from stores.notelog import NoteKey


def visitor(protocol: Protocol, request: HTTPConnection, key: NoteKey | None = None) -> Connection:
    """Describe who makes a request, and for which note where that is known."""
    client = None if request.client is None else request.client.host
    workspace, note = key or (None, None)
    headers = Headers(raw=request.scope["headers"])  # the request would keep its own for as long as it is there
    return Connection(protocol, client, headers, workspace, note)
