"""The notes that stay closed and the updates that are refused, as this server knows them."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from crdt import statevector
from crdt.errors import InvalidUpdate
from crdt.generation import Generation
from server.clock import Clock, utc_now
from server.counters import Counters
from server.culprit import Incident, culprits, mark_of
from server.flightrecorder import Doing, FlightRecorder
from server.hosted import HostedNote, HubLimits, NoteQuarantined
from server.loader import document_of
from server.recordedroom import Hosting, RecordedRoom
from server.refusals import Refusals
from stores.errors import StoreError
from stores.notelog import NoteKey, StoredNote
from stores.quarantine import Entry, Found, Kind, Quarantine

logger = logging.getLogger("routa")

PAUSE = 5.0
"""Seconds between two looks at what others, such as ``routa-notes repair``, have changed."""


class Ward:
    """Loads notes with care. It knows the quarantine by heart, so that a note that is well costs no further query."""

    def __init__(
        self,
        quarantine: Quarantine | None = None,
        recorder: FlightRecorder | None = None,
        counters: Counters | None = None,
        clock: Clock = utc_now,
    ) -> None:
        """Make a ward; without a quarantine it remembers by itself, until the process ends."""
        self._quarantine = quarantine
        self._clock = clock
        self._refusals = Refusals()
        self.recorder = recorder or FlightRecorder()
        self.counters = counters or Counters()
        self.closed: set[NoteKey] = set()
        """The notes that cannot be loaded."""

    async def run(self) -> None:
        """Look at the quarantine every now and then, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            with suppress(StoreError):
                await self.refresh()

    async def refresh(self) -> None:
        """Look at the quarantine; raises Unavailable."""
        if self._quarantine is not None:
            self._learn(await self._quarantine.list())

    def _learn(self, entries: Sequence[Entry]) -> None:
        self._refusals.replace(entries)
        self.closed = {NoteKey(entry.workspace_id, entry.note_id) for entry in entries if entry.kind == Kind.NOTE}

    async def put_away(self, incidents: Sequence[Incident]) -> None:
        """Put away what the server did not survive; raises StoreError."""
        found = [one for incident in incidents for one in culprits(incident)]
        if found and self._quarantine is not None:
            await self._quarantine.add(found, self._clock())
        await self.refresh()

    async def check(self, key: NoteKey) -> None:
        """Make sure that a note may be loaded.

        Raises:
            NoteQuarantined: it may not, and was not repaired meanwhile.
        """
        if key in self.closed:
            with suppress(StoreError):
                await self.refresh()
        if key in self.closed:
            raise NoteQuarantined

    async def host(self, key: NoteKey, stored: StoredNote, limits: HubLimits) -> HostedNote:
        """Open a note with what is stored of it.

        Raises:
            NoteQuarantined: that is damaged. It is put away.
        """
        self.recorder.begin(Doing.LOAD, mark_of(key))
        try:
            document = document_of(stored)
            if stored.rows:  # a snapshot alone was checked when it was made
                document.encode()
            generation = Generation(stored.earlier or statevector.EMPTY)
        except InvalidUpdate as error:
            self.recorder.end()  # another note may be loaded while this one is put away
            await self._close(key, error)
            raise NoteQuarantined from error
        else:
            self.recorder.end()
        hosting = Hosting(key, limits, self.recorder, self._refusals, self.counters)
        room = RecordedRoom(hosting, document, generation)
        return HostedNote(key, room, stored.missing, limits.clients)

    async def _close(self, key: NoteKey, error: InvalidUpdate) -> None:
        logger.error("The note %s/%s stays closed until it is repaired (routa-notes repair): %s", *key, error)
        self.closed.add(key)
        if self._quarantine is not None:
            with suppress(StoreError):  # it is found again at the next attempt
                await self._quarantine.add([Found(*key, Kind.NOTE, b"", str(error))], self._clock())

    async def forget(self, key: NoteKey) -> None:
        """A note was deleted: what is made under its id is another one; raises StoreError."""
        if key not in self.closed:
            return
        self.closed.discard(key)
        if self._quarantine is not None:
            await self._quarantine.admit(key.workspace, key.note)
