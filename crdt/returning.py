"""Clients that come back with something that the server may not have: it must not reach them as if it were kept.

A y-websocket client takes its own content that comes back for an acknowledgement, and so its own deletions. After a
crash, others who had seen that content send it as well, perhaps before its author does. So what a client said it has
is held back from it until the commit. And whoever comes back tells of every deletion in the document, also of those
that are not committed yet: that is held back from all who wait for a commit.
"""

from collections.abc import Callable, Iterable, Mapping

from crdt import statevector
from crdt.contribution import Contribution
from crdt.sections import read_sections
from crdt.session import Session
from crdt.updates import EMPTY


class Returning:
    """What those clients have, by what their step 1 said, until their step 2 has come in."""

    def __init__(self) -> None:
        self._have: dict[Session, Mapping[int, int]] = {}
        self._done: dict[Session, None] = {}
        self._came: dict[Session, None] = {}

    def asked(self, session: Session, state_vector: bytes, known: Mapping[int, int]) -> None:
        """A client has said what it has.

        Args:
            session: the client.
            state_vector: what it said, well-formed.
            known: what the document has, by client.
        """
        if session.counts_changes:
            return
        have = self._have[session] = statevector.decode(state_vector)
        # What it has deleted is not in its state vector. It is, in its answer, unless it was not asked for one.
        if not session.greeted and all(clock <= known.get(client, 0) for client, clock in have.items()):
            self._done[session] = None

    def answered(self, session: Session) -> None:
        """A client has sent what the server lacked."""
        self._came[session] = None
        if session in self._have:
            self._done[session] = None

    def leave(self, session: Session) -> None:
        """A client has left."""
        self._have.pop(session, None)
        self._done.pop(session, None)

    def end_turn(self, turn: Iterable[Contribution], unacknowledged: Callable[[], Iterable[Session]]) -> None:
        """Note on what came in during a turn who must not see it before the commit, because they have it.

        Args:
            turn: what came in.
            unacknowledged: gives those who wait for a commit.
        """
        if self._have or self._came:
            for contribution in turn:
                self._hold_back(contribution, unacknowledged)
            for session in self._done:
                del self._have[session]
            self._done.clear()
            self._came.clear()

    def _hold_back(self, contribution: Contribution, unacknowledged: Callable[[], Iterable[Session]]) -> None:
        if contribution.ready == EMPTY:
            return
        sections, deletions = read_sections(contribution.ready)
        began = [(section.client, section.clock) for section in sections]
        began += [(deleted.client, deleted.clock) for deleted in deletions]
        have = [session for session, clocks in self._have.items() if _has_any(clocks, began)]
        if deletions and contribution.sender in self._came:
            have += [session for session in unacknowledged() if not session.counts_changes and session.synced]
        hidden = contribution.hidden_from
        more = [session for session in dict.fromkeys(have) if session not in hidden]
        contribution.waited = (*contribution.waited, *more)


def _has_any(clocks: Mapping[int, int], began: Iterable[tuple[int, int]]) -> bool:
    return any(clocks.get(client, 0) > clock for client, clock in began)
