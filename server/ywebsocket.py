"""A y-websocket client: one connection, one note, which its URL names."""

import logging

from starlette.websockets import WebSocket

from crdt.errors import AccessEnded, ProtocolError, ReadOnly, UnsupportedData
from crdt.messages import PermissionDenied
from crdt.session import Session
from server.access import Access, Identity
from server.address import BadAddress, parse_note_path
from server.auth.errors import Refused
from server.connection import Connection, close, refuse
from server.culprit import sender_of
from server.hosted import CrowdedNote, HostedNote, NoteQuarantined, NoteUnavailable
from server.peer import Frame
from server.service import Service
from server.visitor import visitor
from stores.errors import NotFound, StoreError

logger = logging.getLogger("routa")

PREFIX = b"/ws/"
SUBPROTOCOL = "routa-notes"
"""Offered by a client whose token is the other subprotocol that it offers; only this one is ever sent back."""


async def serve_note(websocket: WebSocket, service: Service) -> None:
    """Put a client on the note that its URL names, until it leaves.

    The token is looked at and the note loaded before the upgrade: a client that cannot be served is refused with an
    HTTP status and a sentence, and backs off.
    """
    try:
        hosted, identity = await _enter(websocket, service)
    except BadAddress as error:
        await refuse(websocket, 400, str(error))
    except Refused as error:
        await refuse(websocket, error.status, str(error))
    except NotFound as error:
        await refuse(websocket, 404, str(error))
    except CrowdedNote as error:
        await refuse(websocket, 429, str(error))
    except NoteQuarantined as error:
        await close(websocket, error.refusal)
    except (StoreError, NoteUnavailable) as error:
        await refuse(websocket, 503, str(error))
    else:
        websocket.scope["headers"] = []  # they take 1 to 3 KiB, and nobody reads them again
        try:
            await _NoteConnection(websocket, service, hosted, identity).run()
        finally:
            service.hub.release(hosted)


async def _enter(websocket: WebSocket, service: Service) -> tuple[HostedNote, Identity]:
    """Find out who comes, and open the note for them; raises what ``serve_note`` answers."""
    key = parse_note_path(_raw_path(websocket).removeprefix(PREFIX))
    coming = visitor("y-websocket", websocket, key)
    await service.hooks.connecting(coming)
    identity = await service.gate.admit(_token(websocket), key, coming)
    hosted = await service.hub.open(key, create=identity.access_to(*key) >= Access.WRITE, client=True)
    return hosted, identity


def _raw_path(websocket: WebSocket) -> bytes:
    raw: bytes = websocket.scope["raw_path"]
    return raw.partition(b"?")[0]


def _token(websocket: WebSocket) -> str | None:
    """Give the token of the query, or the one among the subprotocols."""
    offered: list[str] = websocket.scope["subprotocols"]
    if SUBPROTOCOL in offered:
        return next((name for name in offered if name != SUBPROTOCOL), None)
    return websocket.query_params.get("token")


class _NoteConnection(Connection):
    protocol = "y-websocket"

    def __init__(self, websocket: WebSocket, service: Service, hosted: HostedNote, identity: Identity) -> None:
        super().__init__(websocket, service.settings.max_queue_bytes)
        self.known_as(identity.subject)
        self.subprotocol = SUBPROTOCOL if SUBPROTOCOL in websocket.scope["subprotocols"] else None
        self._hub = service.hub
        self._gate = service.gate
        self._watch = service.watch
        self._hosted = hosted
        self._identity = identity
        self._session = Session(self.peer)
        self._session.who = identity
        self._session.sender = sender_of(identity, self.address)
        self._session.read_only = identity.access_to(*hosted.key) < Access.WRITE
        self._session.forgiven = self._bearer in hosted.turned_away

    @property
    def _bearer(self) -> str:
        return self._identity.token_id or self._identity.subject

    def joined(self) -> None:
        self._hub.join(self._hosted, self._session)
        self._watch.add(self)

    def received(self, message: bytes | str) -> None:
        if isinstance(message, str):
            self._session.refuse(UnsupportedData())
        else:
            self._hub.receive(self._hosted, self._session, message)
        if self._session.error is not None:
            self._close(self._session.error)

    def _close(self, error: ProtocolError) -> None:
        logger.info("Closed a connection to %s/%s: %d %s", *self._hosted.key, error.code, error.reason)
        if isinstance(error, ReadOnly | AccessEnded):  # the client shows this, and not what the connection ends with
            self.peer.deliver(Frame(PermissionDenied(error.reason).encode()))
        if isinstance(error, ReadOnly):
            self._hosted.turned_away.add(self._bearer)
        self.peer.close(error)

    def recheck(self) -> None:
        """Close or demote a client whose token does not hold any more."""
        try:
            access = self._gate.current(self._identity, self._hosted.key)
        except Refused as error:
            ended = AccessEnded(str(error))
            self._session.refuse(ended)
            self._close(ended)
        else:
            self._session.read_only = access < Access.WRITE

    def left(self) -> None:
        self._watch.remove(self)
        self._hub.leave(self._hosted, self._session)
