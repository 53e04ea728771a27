"""The running parts of the server."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from server.admission import Admission
from server.attendance import Attendance
from server.auth.authenticator import Authenticator
from server.auth.gate import Gate
from server.auth.watch import Watch
from server.clock import Clock
from server.coalescer import Coalescer
from server.config import Settings
from server.delivery import Delivery
from server.events import Events
from server.hookrunner import HookRunner
from server.hub import Hub
from server.livenotes import LiveNotes, shape
from server.outside import Outside
from server.rates import Rate, Rates
from server.ticker import Ticker
from server.webhooks import Webhooks
from stores.engine import Database
from stores.errors import NotFound
from stores.notelog import NoteKey
from stores.records.agents import Agents
from stores.records.background_tasks import BackgroundTasks
from stores.records.codebases import Codebases
from stores.records.conversations import Conversations
from stores.records.queue import Queue
from stores.records.schedules import Schedules
from stores.records.tasks import Tasks
from stores.records.workspaces import Workspaces


@dataclass
class Service:
    """The running parts."""

    settings: Settings
    database: Database
    hub: Hub
    auth: Authenticator
    clock: Clock
    hooks: HookRunner = field(default_factory=HookRunner)
    delivery: Delivery | None = None
    """Sends the webhooks; None where there are none."""
    _drained: bool | None = None
    _made: set[NoteKey] = field(default_factory=set)

    @cached_property
    def gate(self) -> Gate:
        """The way into the notes."""
        return Gate(self.auth, self.hooks)

    @cached_property
    def watch(self) -> Watch:
        """What looks at those who are connected."""
        return Watch()

    @cached_property
    def workspaces(self) -> Workspaces:
        """All workspaces."""
        return Workspaces(self.database)

    @cached_property
    def codebases(self) -> Codebases:
        """All codebases."""
        return Codebases(self.database)

    @cached_property
    def agents(self) -> Agents:
        """All agents."""
        return Agents(self.database)

    @cached_property
    def tasks(self) -> Tasks:
        """All tasks."""
        return Tasks(self.database)

    @cached_property
    def conversations(self) -> Conversations:
        """All messages."""
        return Conversations(self.database)

    @cached_property
    def notes(self) -> LiveNotes:
        """All notes, with what is being typed in them."""
        return LiveNotes(self.database, self.hub)

    @cached_property
    def background_tasks(self) -> BackgroundTasks:
        """All background tasks."""
        return BackgroundTasks(self.database)

    @cached_property
    def queue(self) -> Queue:
        """Who works on which background task."""
        return Queue(self.database)

    @cached_property
    def schedules(self) -> Schedules:
        """All schedules."""
        return Schedules(self.database)

    @cached_property
    def admission(self) -> Admission:
        """Who is connected."""
        return Admission(self.settings.max_connections, self.settings.max_address_connections)

    @cached_property
    def rates(self) -> Rates:
        """How much each connection and each user may send."""
        settings = self.settings
        connection = Rate(settings.connection_bytes_per_second, settings.connection_burst_bytes)
        user = Rate(settings.user_bytes_per_second, settings.user_burst_bytes)
        return Rates(connection, user, time.monotonic)

    @cached_property
    def ticker(self) -> Ticker:
        """What fires the schedules."""
        return Ticker(self.database, self.clock)

    @cached_property
    def events(self) -> Events:
        """What happens to notes, for whoever listens."""
        return Events(self.clock)

    @cached_property
    def attendance(self) -> Attendance:
        """Who is in which note."""
        return Attendance(self.hub.open_notes, self.events.tell)

    @cached_property
    def typing(self) -> Coalescer:
        """What people type in notes, on its way to be an event."""
        return Coalescer(self._tell, asyncio.get_running_loop().call_later)

    @cached_property
    def outside(self) -> Outside:
        """Who is told what happens to notes: those who listen to events, the hooks and the webhooks."""
        later = asyncio.get_running_loop().call_later
        webhooks = Webhooks(self.delivery, self.settings.webhook_events, self.clock, later)
        return Outside(self.typing.changed, self.hooks, webhooks, self._text)

    async def _text(self, key: NoteKey) -> str:
        return (await self.notes.read(key)).content

    def made(self, key: NoteKey) -> None:
        """Say that a note was made because somebody opened it."""
        self.outside.happened("created", key)
        self._made.add(key)
        self.typing.changed(key)

    async def _tell(self, key: NoteKey) -> None:
        if self.events.awaited:
            with suppress(NotFound):
                note = shape(await self.notes.read(key))
                self.events.stream("created" if key in self._made else "updated", *key, "user", note)
        self._made.discard(key)

    @property
    def unfinished(self) -> int:
        """How many notes have edits that are not committed."""
        return self.hub.journal.waiting

    async def drain(self) -> bool:
        """Take nothing more, and commit and acknowledge what came in; whether that was done in time."""
        if self._drained is None:
            self._drained = await within(0.5 * self.settings.shutdown_seconds, self.hub.drain())
        return self._drained


async def within(seconds: float, work: Awaitable[None]) -> bool:
    """Wait for some work, for so long at most; whether it was done."""
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        return False
    return True
