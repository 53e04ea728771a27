"""What a room takes in, between its coming and its acknowledgement."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crdt.merge import merge
from crdt.session import Session
from crdt.updates import EMPTY


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """An update as it came in, or was made here."""

    sender: Session | None
    """Who waits for its acknowledgement, and so must not see it before; nobody when it was made here."""
    update: bytes
    """What the sender sent."""
    ready: bytes
    """What others are sent; ``EMPTY`` when nothing of it is new and complete."""
    kept: bytes
    """What is stored; ``EMPTY`` when nothing of it is new."""
    waited: tuple[Session, ...] = ()
    """Whose earlier updates ``ready`` may hold, having waited for this one: they see it after the commit, too."""

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
    """Merge what each sender contributed to a turn; all of it where updates of several senders hang together."""
    groups: dict[tuple[Session, ...], list[bytes]] = {}
    for contribution in contributions:
        if contribution.ready != EMPTY:
            groups.setdefault(contribution.hidden_from, []).append(contribution.ready)
    if any(len(senders) > 1 for senders in groups):
        everyone = tuple({session: None for senders in groups for session in senders})
        return [(everyone, merge([update for updates in groups.values() for update in updates]))]
    return [(senders, merge(updates)) for senders, updates in groups.items()]


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
