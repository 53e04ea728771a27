"""Row 14: clients, room and store, with a crash between any two steps: all converge, nothing acknowledged is lost."""

import asyncio
import itertools
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from crdt import statevector
from crdt.compaction import compact
from crdt.contribution import Batch
from crdt.document import Document
from crdt.messages import SyncStep1, SyncStep2, Update, decode
from crdt.room import Room
from crdt.session import Session
from crdt.updates import EMPTY, scan
from stores.engine import Database
from stores.notelog import Compacted, NoteKey, NoteLog, StoredNote
from stores.schema import upgrade
from stores.target import choose
from tests.crdt.typist import Typist

T = TypeVar("T")
CLIENTS = st.integers(0, 2)
_examples = itertools.count()


class Replica:
    """A client as y-websocket is one: it sends what it types, and syncs when it connects."""

    def __init__(self, client_id: int) -> None:
        self.typist = Typist(client_id)
        self.client_id = client_id
        self.acknowledged = 0
        """The clock up to which its own content came back from the server."""
        self.session: Session | None = None
        self.to_server: deque[bytes] = deque()
        self.from_server: deque[bytes] = deque()

    def connect(self) -> Session:
        self.session = Session(self)
        self.to_server.append(SyncStep1(self.typist.doc.get_state()).encode())
        return self.session

    def disconnect(self) -> None:
        self.session = None
        self.to_server.clear()
        self.from_server.clear()

    def edit(self, at: int, delete: bool, text: str) -> None:
        length = len(self.typist.text)
        if delete and length:
            update = self.typist.delete(at % length, min(length, at % length + len(text)))
        else:
            update = self.typist.insert(at % (length + 1), text)
        if self.session is not None:
            self.to_server.append(Update(update).encode())

    def hear(self, frame: bytes) -> None:
        for message in decode(frame):
            if isinstance(message, SyncStep1):
                difference = self.typist.doc.get_update(message.state_vector)
                self.to_server.append(SyncStep2(difference).encode())
            elif isinstance(message, SyncStep2 | Update):
                self.typist.hear(message.update)
                back = scan(message.update, {}).ends.get(self.client_id, 0)
                self.acknowledged = max(self.acknowledged, back)


@dataclass
class Desk:
    """The store, opened once for all examples."""

    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    database: Database | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def log(self) -> NoteLog:
        if self.database is None:
            self.database = self.run(self._open())
        return NoteLog(self.database)

    async def _open(self) -> Database:
        database = await Database.open(choose(database_url=None, driver="memory", path=None, data_dir=None))
        await upgrade(database)
        return database

    def close(self) -> None:
        if self.database is not None:
            self.run(self.database.close())
        self.runner.close()


class Notes(RuleBasedStateMachine):
    desk: Desk

    @initialize()
    def start(self) -> None:
        self.key = NoteKey("machine", str(next(_examples)))
        self.replicas = [Replica(client_id) for client_id in (1, 2, 3)]
        self.committing: Batch | None = None
        self.committed: Batch | None = None
        self.read: StoredNote | None = None
        self.load()
        self.join()

    def load(self) -> None:
        self.room = Room(self.kept())

    def kept(self) -> Document:
        """What a server that starts now would have: never less than what was acknowledged."""
        stored = self.desk.run(self.desk.log().open_note(self.key))
        state, updates = None, [row.update for row in stored.rows]
        if stored.snapshot is not None:
            state = stored.snapshot.state
            updates = [stored.snapshot.pending or EMPTY, *updates]
        document = Document(state, updates)
        known = statevector.decode(document.state_vector())
        waiting = scan(document.waiting or EMPTY, {}).ends
        for replica in self.replicas:
            kept = max(known.get(replica.client_id, 0), waiting.get(replica.client_id, 0))
            assert kept >= replica.acknowledged, "something acknowledged is missing"
        return document

    def deliver(self) -> None:
        for frame, receivers in self.room.frames():
            for session in receivers:
                replica = session.peer
                if isinstance(replica, Replica) and replica.session is session:
                    replica.from_server.append(frame)

    @rule()
    def join(self) -> None:
        for who, replica in enumerate(self.replicas):
            if replica.session is None:
                self.room.join(replica.connect())
                self.push(who)
                self.hear(who)

    @rule(who=CLIENTS, kind=st.sampled_from(["leave", "lose", "crash", "evict"]))
    def trouble(self, who: int, kind: str) -> None:
        if kind == "leave":
            self.leave(who)
        elif kind == "lose":
            self.lose(who)
        elif kind == "crash":
            self.crash()
        else:
            self.evict()

    def leave(self, who: int) -> None:
        session = self.replicas[who].session
        if session is not None:
            self.room.leave(session, 0)
            self.replicas[who].disconnect()

    @rule(who=CLIENTS, at=st.integers(0, 100), delete=st.booleans(), text=st.sampled_from(["a", "bc", "def"]))
    def edit(self, who: int, at: int, delete: bool, text: str) -> None:
        self.replicas[who].edit(at, delete, text)

    @rule(who=CLIENTS, times=st.integers(1, 2))
    def send(self, who: int, times: int) -> None:
        self.push(who, times)

    def push(self, who: int, times: int = 1) -> None:
        replica = self.replicas[who]
        while replica.session is not None and replica.to_server:
            frame = replica.to_server.popleft()
            for _ in range(times):
                self.room.receive(replica.session, frame, 0)
            assert replica.session.error is None
        self.deliver()

    def lose(self, who: int) -> None:
        replica = self.replicas[who]
        if replica.to_server and replica.to_server[0].startswith(Update.prefix):
            replica.to_server.popleft()

    @rule(who=CLIENTS)
    def hear(self, who: int) -> None:
        replica = self.replicas[who]
        before = replica.acknowledged
        while replica.from_server:
            replica.hear(replica.from_server.popleft())
        if replica.acknowledged > before:
            self.kept()

    @rule()
    def end_turn(self) -> None:
        self.room.end_turn()
        self.deliver()

    @rule()
    def commit_step(self) -> None:
        if self.committed is not None:
            self.room.stored(self.committed)
            self.committed = None
            self.deliver()
        elif self.committing is not None:
            if self.committing.update != EMPTY:
                self.desk.run(self.desk.log().append([(self.key, self.committing.update)]))
            self.committing, self.committed = None, self.committing
        else:
            self.committing = self.room.take_batch()

    @rule()
    def compaction_step(self) -> None:
        if self.read is None:
            self.read = self.desk.run(self.desk.log().read(self.key))
            return
        snapshot = self.read.snapshot
        state, pending = (snapshot.state, snapshot.pending) if snapshot else (None, None)
        compacted = Compacted(*compact(state, ([pending] if pending else []) + [row.update for row in self.read.rows]))
        self.desk.run(self.desk.log().compact(self.key, self.read, compacted))
        self.read = None
        self.kept()

    def crash(self) -> None:
        self.committing = self.committed = self.read = None
        for replica in self.replicas:
            replica.disconnect()
        self.load()

    def evict(self) -> None:
        if not self.room.sessions:
            self.settle()
            self.load()

    def settle(self) -> None:
        self.end_turn()
        self.commit_step()
        while self.committing is not None or self.committed is not None or self.room.unstored:
            self.commit_step()

    def exchange(self) -> None:
        """Everybody reads and sends until nobody has anything left to say."""
        while any(replica.to_server or replica.from_server for replica in self.replicas):
            for who in range(len(self.replicas)):
                self.push(who)
                self.hear(who)
            self.settle()

    def teardown(self) -> None:
        if not hasattr(self, "room"):
            return
        for who in range(len(self.replicas)):
            self.leave(who)
        self.join()
        self.exchange()
        if self.read is not None:
            self.compaction_step()
        expected = self.room.document.text()
        assert [str(replica.typist) for replica in self.replicas] == [expected] * len(self.replicas)
        assert self.room.document.waiting is None
        self.crash()
        assert self.room.document.text() == expected


def test_all_replicas_converge_and_nothing_acknowledged_is_missing() -> None:
    desk = Desk()
    machine = type("NotesOnDesk", (Notes,), {"desk": desk})
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
    finally:
        desk.close()
