"""The stream of what happens to notes: Server-Sent Events."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio
from fastapi import Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import Receive, Scope, Send

from server.api.models.base import Text
from server.api.routing import Running, router
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


class EventStream(EventSourceResponse):
    """A subscription on its way to a client; cut when the client does not read and the subscription is closed."""

    def __init__(self, events: Events, subscription: Subscription) -> None:
        """Make a stream of a subscription, which it ends."""
        self._events = events
        self._subscription = subscription
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
            try:
                await super().__call__(scope, receive, send)
            finally:
                self._events.unsubscribe(self._subscription)

    async def _messages(self) -> AsyncIterator[ServerSentEvent]:
        yield _message(self._subscription.greeting)
        async for event in self._subscription:
            yield _message(event)

    def _heartbeat(self) -> ServerSentEvent:
        # With the id, a client for which nothing happened for long still misses nothing when it comes back.
        return ServerSentEvent(comment="ping", id=self._events.id_of(self._subscription.position), sep="\n")


def _message(event: Event) -> ServerSentEvent:
    return ServerSentEvent(data=event.data, id=event.id, sep="\n")


@routes.get("/notes/events", response_class=EventSourceResponse, responses=_SSE)
async def note_events(
    service: Running,
    workspace_id: Annotated[
        Text, Query(alias="workspaceId", description="Whose notes; `*` for all workspaces.")
    ] = EVERY_WORKSPACE,
    last_event_id: Annotated[
        Text | None, Header(description="The id of the last event that was seen: what came after it is sent first.")
    ] = None,
) -> EventStream:
    """Tell of notes that are created, updated and deleted, as it happens.

    People's typing is told of once a second at most. The first event is of the type `connected`; it has
    `"missed": true` when `Last-Event-ID` is too old for the stream to go on from there.
    """
    return EventStream(service.events, service.events.subscribe(workspace_id, last_event_id))
