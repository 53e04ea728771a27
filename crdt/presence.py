"""Awareness: who is here, with names and cursors. Kept for each note, never stored.

An awareness update is ``varUint n``, then n times ``varUint client id, varUint clock, varString state``, the state as
JSON and ``null`` for one who left (``y-protocols/awareness``). Clients repeat to the server what they hear of others,
so a client id belongs to the session that first announced it; whoever else speaks for it is not heard.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crdt.encoding import read_string, read_uint, write_string, write_uint
from crdt.errors import InvalidAwareness, ProtocolError
from crdt.session import Session

EXPIRES = 30.0
"""Seconds after which a client id that was not renewed is gone, as in ``y-protocols``."""

MAX_STATE_BYTES = 64 * 1024
"""The default of ``AwarenessLimits.state_bytes``."""

MAX_IDS = 64
"""The default of ``AwarenessLimits.session_ids``."""

_NOBODY = "null"


@dataclass(frozen=True, slots=True)
class AwarenessLimits:
    """How much of it there may be."""

    state_bytes: int = MAX_STATE_BYTES
    """The largest state of one client id, in characters of JSON."""
    session_ids: int = MAX_IDS
    """How many client ids one session may announce."""
    note_ids: int = 10_000
    """How many client ids are known of a note. Who comes on top of that is not shown until there is room."""
    note_bytes: int = 8 * 1024 * 1024
    """How large all states of a note may be together, likewise; and the largest message."""


@dataclass(slots=True)
class _Entry:
    owner: Session
    clock: int
    state: str
    renewed: float


@dataclass(slots=True)
class _Departed:
    clock: int
    at: float


class Presence:
    """The awareness states of one note."""

    def __init__(self, limits: AwarenessLimits | None = None) -> None:
        self._limits = limits or AwarenessLimits()
        self._bytes = 0
        self._owned: dict[Session, set[int]] = {}
        self._entries: dict[int, _Entry] = {}
        self._departed: dict[int, _Departed] = {}
        self._changed: dict[int, tuple[int, str]] = {}
        self.revision = 0
        """Grows with every change that was taken."""

    def apply(self, session: Session, payload: bytes, now: float) -> None:
        """Take an awareness update from a session.

        Args:
            session: who sends it.
            payload: the awareness update.
            now: the time in seconds, from any clock that does not go back.

        Raises:
            InvalidAwareness: it is not well-formed or over a limit. Nothing of it is taken.
        """
        for client, clock, state in _decode(payload, self._limits):
            entry = self._entries.get(client)
            if entry is None:
                self._announce(session, client, clock, state, now)
            elif entry.owner is session:
                self._renew(entry, client, clock, state, now)

    def _announce(self, session: Session, client: int, clock: int, state: str, now: float) -> None:
        departed = self._departed.get(client)
        # Somebody may repeat what they heard of a client just before it left; that must not bring it back.
        if state == _NOBODY or (departed is not None and clock <= departed.clock):
            return
        if len(self._owned.get(session, ())) >= self._limits.session_ids:
            raise InvalidAwareness(f"One connection may announce at most {self._limits.session_ids} awareness ids.")
        # Whoever comes when it is full has done nothing wrong: they edit unseen, and are seen when they renew.
        if len(self._entries) >= self._limits.note_ids or self._bytes + len(state) > self._limits.note_bytes:
            return
        self._entries[client] = _Entry(session, clock, state, now)
        self._owned.setdefault(session, set()).add(client)
        self._bytes += len(state)
        self._changed[client] = (clock, state)

    def _renew(self, entry: _Entry, client: int, clock: int, state: str, now: float) -> None:
        if state == _NOBODY and clock >= entry.clock:
            self._remove(client, clock, now)
        elif clock > entry.clock:
            if self._bytes + len(state) - len(entry.state) > self._limits.note_bytes:
                state = entry.state  # still here, as it was
            self._bytes += len(state) - len(entry.state)
            entry.clock, entry.state, entry.renewed = clock, state, now
            self._changed[client] = (clock, state)

    def _remove(self, client: int, clock: int, now: float) -> None:
        entry = self._entries.pop(client)
        self._bytes -= len(entry.state)
        owned = self._owned[entry.owner]
        owned.remove(client)
        if not owned:
            del self._owned[entry.owner]
        self._departed.pop(client, None)
        self._departed[client] = _Departed(clock, now)
        if len(self._departed) > self._limits.note_ids:
            del self._departed[next(iter(self._departed))]
        self._changed[client] = (clock, _NOBODY)

    def leave(self, session: Session, now: float) -> None:
        """Remove what a session announced."""
        for client in sorted(self._owned.get(session, ())):
            self._remove(client, self._entries[client].clock, now)

    def expire(self, now: float) -> None:
        """Remove the client ids that were not renewed in time, and forget who left long ago."""
        for client, entry in list(self._entries.items()):
            if now - entry.renewed >= EXPIRES:
                self._remove(client, entry.clock, now)
        for client, departed in list(self._departed.items()):
            if now - departed.at >= EXPIRES:
                del self._departed[client]

    def take_changes(self) -> bytes | None:
        """Give what changed since the last call, the newest state of each client id, as one awareness update."""
        if not self._changed:
            return None
        changes, self._changed = self._changed, {}
        self.revision += 1
        return _encode((client, clock, state) for client, (clock, state) in changes.items())

    def states(self) -> Iterator[str]:
        """Give the states of all who are here, as JSON, in the order of coming."""
        return (entry.state for entry in self._entries.values())

    def everyone(self) -> bytes:
        """Give all who are here, as an awareness update."""
        return _encode((client, entry.clock, entry.state) for client, entry in self._entries.items())

    def __len__(self) -> int:
        return len(self._entries)


def _encode(states: Iterable[tuple[int, int, str]]) -> bytes:
    encoded = [write_uint(client) + write_uint(clock) + write_string(state) for client, clock, state in states]
    return write_uint(len(encoded)) + b"".join(encoded)


def _decode(payload: bytes, limits: AwarenessLimits) -> list[tuple[int, int, str]]:
    if len(payload) > limits.note_bytes:
        raise InvalidAwareness(f"The awareness message is larger than {limits.note_bytes} bytes.")
    try:
        return _read_states(payload, limits.state_bytes)
    except IndexError:
        raise InvalidAwareness("The awareness message is cut short.") from None
    except InvalidAwareness:
        raise
    except (ProtocolError, ValueError, RecursionError) as error:
        raise InvalidAwareness(f"The awareness message is not well-formed: {error}") from None


def _read_states(payload: bytes, most: int) -> list[tuple[int, int, str]]:
    states = []
    count, at = read_uint(payload, 0)
    for _ in range(count):
        client, at = read_uint(payload, at)
        clock, at = read_uint(payload, at)
        state, at = read_string(payload, at)
        if len(state) > most:
            raise InvalidAwareness(f"An awareness state is larger than {most} bytes.")
        json.loads(state, parse_constant=_refuse_constant)
        states.append((client, clock, state))
    if at != len(payload):
        raise InvalidAwareness("The awareness message has bytes behind its end.")
    return states


def _refuse_constant(name: str) -> None:
    raise InvalidAwareness(f"{name} in an awareness state is not JSON.")
