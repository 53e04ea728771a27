"""What happened to notes, for whoever listens: one bounded history, and how far in it each subscriber has read.

A subscriber that has fallen behind the history is dropped. It may come back with the id of the last event it saw, as
may one whose connection broke: while that event's successors are in the history, nothing is missed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from server.api.answers import encode
from server.clock import Clock, timestamp
from stores.notelog import NoteKey

logger = logging.getLogger("routa")

Kind = Literal["created", "updated", "deleted"]
Source = Literal["agent", "user", "system"]

EVERY_WORKSPACE = "*"
MOST_EVENTS = 1_000
"""How many events are kept for subscribers that are slow or come back."""
MOST_BYTES = 16 * 1024 * 1024
"""How large they may be together: an event carries the text of its note."""

_SEPARATORS = {"\x85": r"\u0085", "\u2028": r"\u2028", "\u2029": r"\u2029"}
"""Line ends of Unicode, and JSON for them: they end no line of a stream, but many a client's ``splitlines`` does."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message of the stream."""

    id: str
    data: str
    """JSON."""
    brief: str
    """The same without the text of the note."""
    workspace_id: str
    note_id: str
    number: int


Visible = Callable[[str, str], bool]
"""Whether a listener may know of a note: is given its workspace's id and its own."""


class Subscription:
    """One listener: iterate over it until it is closed."""

    def __init__(self, events: "Events", workspace_id: str, position: int, greeting: Event, visible: Visible) -> None:
        self.greeting = greeting
        """Its first message."""
        self.position = position
        """The number of the last event that it has taken or that is not for it."""
        self.closed = False
        self.on_close: Callable[[], None] = lambda: None
        """Called when it is closed from this side."""
        self._events = events
        self._workspace_id = workspace_id
        self._visible = visible
        self._wake = asyncio.Event()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        while not self.closed:
            event = self._events.following(self)
            if event is not None:
                return event
            self._wake.clear()
            await self._wake.wait()
        raise StopAsyncIteration

    def wants(self, event: Event) -> bool:
        """Whether an event is for this listener."""
        wanted = self._workspace_id in (EVERY_WORKSPACE, event.workspace_id)
        return wanted and self._visible(event.workspace_id, event.note_id)

    def wake(self) -> None:
        """Say that there is something to take."""
        self._wake.set()

    def close(self) -> None:
        """End the iteration, whatever has not been taken."""
        self.closed = True
        self.wake()
        self.on_close()


def _write(content: Mapping[str, Any]) -> str:
    data = encode(content).decode()
    for separator, escaped in _SEPARATORS.items():
        data = data.replace(separator, escaped)
    return data


class Events:
    """The events of this process."""

    def __init__(self, clock: Clock, most_events: int = MOST_EVENTS, most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._process = uuid4().hex[:12]
        self._history: deque[Event] = deque()
        self._bytes = 0
        self._last = 0
        self._subscriptions: set[Subscription] = set()
        self._closed = False
        self.told: Callable[[Kind, NoteKey], None] = lambda *_: None
        """Called with everything that ``publish`` is, whether anybody listens or not."""
        self.awaited = False
        """Whether anybody has ever listened, and so may ask for what it missed."""

    def publish(
        self, kind: Kind, workspace_id: str, note_id: str, source: Source, note: Mapping[str, Any] | None = None
    ) -> None:
        """Tell of what happened to a note, as ``stream`` does, and whoever else is told."""
        self.told(kind, NoteKey(workspace_id, note_id))
        self.stream(kind, workspace_id, note_id, source, note)

    def stream(
        self, kind: Kind, workspace_id: str, note_id: str, source: Source, note: Mapping[str, Any] | None = None
    ) -> None:
        """Tell every subscriber what happened to a note.

        Args:
            kind: what.
            workspace_id: the note's workspace.
            note_id: which note in it.
            source: who did it.
            note: the note afterwards, ready for JSON; none when it was deleted.
        """
        self.tell(kind, NoteKey(workspace_id, note_id), {"source": source} | ({} if note is None else {"note": note}))

    def tell(self, kind: str, key: NoteKey, more: Mapping[str, Any]) -> None:
        """Tell every subscriber something about a note: an event of the type ``note:{kind}``, with more keys."""
        if self.awaited:
            self._last += 1
            content = {"type": f"note:{kind}", "noteId": key.note, "workspaceId": key.workspace, **more}
            self._keep(self._event(content, *key, self._last))

    def _event(self, content: Mapping[str, Any], workspace_id: str, note_id: str, number: int) -> Event:
        whole = {**content, "timestamp": timestamp(self._clock())}
        data = brief = _write(whole)
        if "note" in whole:
            outline = {name: value for name, value in whole["note"].items() if name != "content"}
            brief = _write({**whole, "note": outline})
        return Event(self.id_of(number), data, brief, workspace_id, note_id, number)

    def id_of(self, number: int) -> str:
        """Give the id of an event: it means nothing to another process, so a restart is noticed."""
        return f"{self._process}-{number}"

    def _keep(self, event: Event) -> None:
        self._history.append(event)
        self._bytes += len(event.data)
        while len(self._history) > self._most_events or (self._bytes > self._most_bytes and len(self._history) > 1):
            self._bytes -= len(self._history.popleft().data)
        for subscription in tuple(self._subscriptions):
            self._tell(subscription, event)

    def _tell(self, subscription: Subscription, event: Event) -> None:
        if subscription.position == event.number - 1 and not subscription.wants(event):
            subscription.position = event.number
        elif subscription.position < self._forgotten:
            logger.warning("A listener to events reads more slowly than notes change, and is dropped.")
            self._subscriptions.discard(subscription)
            subscription.close()
        else:
            subscription.wake()

    @property
    def _forgotten(self) -> int:
        """The number of the last event that is not in the history any more."""
        return self._last - len(self._history)

    def following(self, subscription: Subscription) -> Event | None:
        """Take the next event that is for a subscription, if there is one."""
        while subscription.position < self._last:
            event = self._history[subscription.position - self._forgotten]
            subscription.position = event.number
            if subscription.wants(event):
                return event
        return None

    def subscribe(
        self,
        workspace_id: str = EVERY_WORKSPACE,
        last_id: str | None = None,
        visible: Visible = lambda _workspace, _note: True,
    ) -> Subscription:
        """Listen to a workspace, or to every one; ``unsubscribe`` when done.

        Args:
            workspace_id: which; ``*`` for all.
            last_id: the id of the last event that the listener has seen, to get what it missed.
            visible: which notes it may know of; asked again for each event.

        The greeting says ``"missed": true`` when that cannot be told any more.
        """
        self.awaited = True
        seen = self._last if last_id is None else self._number_of(last_id)
        position = self._last if seen is None else seen
        content = {"type": "connected", "connectionId": str(uuid4()), "workspaceId": workspace_id}
        greeting = self._event(content if seen is not None else content | {"missed": True}, workspace_id, "", position)
        subscription = Subscription(self, workspace_id, position, greeting, visible)
        if self._closed:
            subscription.close()
        else:
            self._subscriptions.add(subscription)
        return subscription

    def _number_of(self, last_id: str) -> int | None:
        process, _, number = last_id.partition("-")
        if process != self._process or not number.isdecimal() or not number.isascii() or len(number) > 18:
            return None
        return int(number) if self._forgotten <= int(number) <= self._last else None

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a listener. A second time does nothing."""
        self._subscriptions.discard(subscription)

    @property
    def subscribers(self) -> int:
        """How many listen."""
        return len(self._subscriptions)

    def close(self) -> None:
        """End every subscription, and take no further ones."""
        self._closed = True
        for subscription in tuple(self._subscriptions):
            self.unsubscribe(subscription)
            subscription.close()
