"""The stream of what happens to notes: Server-Sent Events."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import anyio
from fastapi import Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from server.access import Access, Identity
from server.api.caller import Calling
from server.api.models.base import Text
from server.api.routing import Running, router
from server.auth.authenticator import Authenticator
from server.auth.errors import Refused
from server.auth.watch import Watch
from server.events import EVERY_WORKSPACE, Event, Events, Subscription

routes = router("Notes")

HEARTBEAT = 15.0
"""Seconds between two comments that keep a silent connection open."""
LINGER = 0.5
"""Seconds for what was sent already to leave, once a stream is closed from this side."""
_SSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A stream of events; `data:` is a JSON object with a `type`",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


class Listener:
    """Who listens, and what they may know of at this moment."""

    def __init__(self, authenticator: Authenticator, identity: Identity) -> None:
        self._authenticator = authenticator
        self._identity = identity
        self.ended: Callable[[], None] = lambda: None
        """Called when the token does not hold any more."""

    def may_see(self, workspace: str, note: str) -> bool:
        """Whether they may know of a note."""
        return self._identity.access_to(workspace, note) > Access.NONE

    def recheck(self) -> None:
        """End the stream of somebody whose token does not hold any more; a client that comes back is told why."""
        try:
            self._authenticator.current(self._identity)
        except Refused:
            self.ended()


class EventStream(EventSourceResponse):
    """A subscription on its way to a client; cut when the client does not read and the subscription is closed."""

    def __init__(
        self, events: Events, watch: Watch, listener: Listener, subscription: Subscription, texts: bool
    ) -> None:
        """Make a stream of a subscription, which it ends; with the texts of the notes, or without."""
        self._texts = texts
        self._events = events
        self._watch = watch
        self._listener = listener
        self._subscription = subscription
        listener.ended = subscription.close
        super().__init__(
            self._messages(),
            sep="\n",
            ping=HEARTBEAT,
            ping_message_factory=self._heartbeat,
            # A stop of the server closes all subscriptions: sse-starlette need not cut their streams before that.
            shutdown_grace_period=2 * LINGER,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until one side has enough."""
        with anyio.CancelScope() as scope_of_stream:

            def end_soon() -> None:
                scope_of_stream.deadline = anyio.current_time() + LINGER

            self._subscription.on_close = end_soon
            self._watch.add(self._listener)
            try:
                await super().__call__(scope, receive, send)
            finally:
                self._watch.remove(self._listener)
                self._events.unsubscribe(self._subscription)

    async def _messages(self) -> AsyncIterator[ServerSentEvent]:
        yield self._message(self._subscription.greeting)
        async for event in self._subscription:
            yield self._message(event)

    def _message(self, event: Event) -> ServerSentEvent:
        return ServerSentEvent(data=event.data if self._texts else event.brief, id=event.id, sep="\n")

    def _heartbeat(self) -> ServerSentEvent:
        # With the id, a client for which nothing happened for long still misses nothing when it comes back.
        return ServerSentEvent(comment="ping", id=self._events.id_of(self._subscription.position), sep="\n")


@routes.get("/notes/events", response_class=EventSourceResponse, responses=_SSE)
async def note_events(
    service: Running,
    caller: Calling,
    workspace_id: Annotated[
        Text, Query(alias="workspaceId", description="Whose notes; `*` for all workspaces.")
    ] = EVERY_WORKSPACE,
    content: Annotated[bool, Query(description="Whether events have the texts of the notes.")] = True,
    last_event_id: Annotated[
        Text | None, Header(description="The id of the last event that was seen: what came after it is sent first.")
    ] = None,
) -> EventStream:
    """Tell of notes that are created, updated and deleted, as it happens.

    People's typing is told of once a second at most, and likewise who is in a note (`note:presence`, with what a list
    of notes calls `present`). The first event is of the type `connected`; it has `"missed": true` when `Last-Event-ID`
    is too old for the stream to go on from there. Only what the token lets you read is told of.
    """
    if workspace_id != EVERY_WORKSPACE:
        caller.notes_in(workspace_id)  # raises Forbidden for a workspace of which nothing may be read
    listener = Listener(service.auth, caller.identity)
    subscription = service.events.subscribe(workspace_id, last_event_id, listener.may_see)
    return EventStream(service.events, service.watch, listener, subscription, content)
