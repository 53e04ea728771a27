"""A y-websocket client: one connection, one note, which its URL names."""

import logging

from starlette.websockets import WebSocket

from crdt.errors import ProtocolError, UnsupportedData
from crdt.session import Session
from server.address import BadAddress, parse_note_path
from server.connection import Connection, refuse
from server.hosted import HostedNote, NoteUnavailable
from server.hub import Hub
from stores.errors import StoreError

logger = logging.getLogger("routa")

PREFIX = b"/ws/"


async def serve_note(websocket: WebSocket, hub: Hub, max_backlog: int) -> None:
    """Put a client on the note that its URL names, until it leaves.

    The note is loaded before the upgrade: a client that cannot be served is refused with an HTTP status and a sentence,
    and backs off.
    """
    try:
        key = parse_note_path(_raw_path(websocket).removeprefix(PREFIX))
        hosted = await hub.open(key)
    except BadAddress as error:
        await refuse(websocket, 400, str(error))
        return
    except (StoreError, NoteUnavailable) as error:
        await refuse(websocket, 503, str(error))
        return
    try:
        await _NoteConnection(websocket, hub, hosted, max_backlog).run()
    finally:
        hub.release(hosted)


def _raw_path(websocket: WebSocket) -> bytes:
    raw: bytes = websocket.scope["raw_path"]
    return raw.partition(b"?")[0]


class _NoteConnection(Connection):
    def __init__(self, websocket: WebSocket, hub: Hub, hosted: HostedNote, max_backlog: int) -> None:
        super().__init__(websocket, max_backlog)
        self._hub = hub
        self._hosted = hosted
        self._session = Session(self.peer)

    def joined(self) -> None:
        self._hub.join(self._hosted, self._session)

    def received(self, message: bytes | str) -> None:
        if isinstance(message, str):
            self._session.refuse(UnsupportedData())
        else:
            self._hub.receive(self._hosted, self._session, message)
        error: ProtocolError | None = self._session.error
        if error is not None:
            logger.info("Closed a connection to %s/%s: %d %s", *self._hosted.key, error.code, error.reason)
            self.peer.close(error)

    def left(self) -> None:
        self._hub.leave(self._hosted, self._session)
