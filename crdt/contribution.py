"""What a room takes in, between its coming and its acknowledgement."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crdt.merge import merge, merge_others
from crdt.session import Session
from crdt.updates import EMPTY


@dataclass(slots=True, eq=False)
class Contribution:
    """An update as it came in, or was made here. It stays the same object until it is acknowledged."""

    sender: Session | None
    """Who waits for its acknowledgement, and so must not see it before; nobody when it was made here."""
    update: bytes
    """What the sender sent."""
    ready: bytes
    """What others are sent; ``EMPTY`` when nothing of it is new and complete."""
    kept: bytes
    """What is stored; ``EMPTY`` when nothing of it is new."""
    waited: tuple[Session, ...] = ()
    """Who else sees it after the commit: earlier updates of theirs may be in ``ready``, or they have it already."""

    @property
    def hidden_from(self) -> tuple[Session, ...]:
        """Who must not see it before the commit."""
        return self.waited if self.sender is None else (self.sender, *self.waited)


class Batch(NamedTuple):
    """What one commit keeps of a note."""

    update: bytes
    """The update to store; ``EMPTY`` when only acknowledgements wait for what is stored before."""
    contributions: Sequence[Contribution]


def by_sender(contributions: Iterable[Contribution]) -> list[tuple[Sequence[Session], bytes]]:
    """Merge what came in one turn, by those who must not see it yet: one sender each, unless something had waited."""
    groups: dict[tuple[Session, ...], list[bytes]] = {}
    for contribution in contributions:
        if contribution.ready != EMPTY:
            groups.setdefault(contribution.hidden_from, []).append(contribution.ready)
    return [(senders, merge(updates)) for senders, updates in groups.items()]


def for_senders(groups: Sequence[tuple[Sequence[Session], bytes]]) -> Iterator[tuple[Sequence[Session], bytes]]:
    """Give what the senders of a turn are sent of it: to each, merged, all that is not hidden from it."""
    if len(groups) > 1 and all(len(senders) <= 1 for senders, _ in groups):
        others = merge_others([update for _, update in groups])
        yield from ((senders, update) for (senders, _), update in zip(groups, others, strict=True))
        return
    for session in dict.fromkeys(session for senders, _ in groups for session in senders):
        seen = [update for senders, update in groups if session not in senders]
        if seen:
            yield (session,), merge(seen)


def acknowledgements(batch: Batch) -> Iterator[tuple[Session, list[bytes], list[bytes]]]:
    """Give, for each session that a batch was hidden from, its own updates in it, and what others' it was not sent."""
    own: dict[Session, list[bytes]] = {}
    others: dict[Session, list[bytes]] = {}
    for contribution in batch.contributions:
        if contribution.sender is not None:
            own.setdefault(contribution.sender, []).append(contribution.update)
        if contribution.waited:
            for session in contribution.hidden_from:
                others.setdefault(session, []).append(contribution.ready)
    for session in own | others:
        yield session, own.get(session, []), others.get(session, [])
