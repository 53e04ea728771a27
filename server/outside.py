"""What happens to notes, on its way to those who want to know: listeners to events, hooks, webhooks."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from crdt.contribution import Batch
from crdt.session import Session
from crdt.updates import EMPTY
from server.access import ANYBODY, Identity
from server.events import Kind
from server.hookrunner import HookRunner
from server.hooks import Change
from server.watcher import Watcher
from server.webhooks import Webhooks
from stores.notelog import NoteKey


class Outside(Watcher):
    """Passes on what the hub and the events tell."""

    def __init__(
        self,
        typed: Callable[[NoteKey], None],
        hooks: HookRunner,
        webhooks: Webhooks,
        read: Callable[[NoteKey], Awaitable[str]],
    ) -> None:
        """Take those who want to know.

        Args:
            typed: is told of the notes that people type in.
            hooks: are told of each commit.
            webhooks: are told of everything.
            read: gives the text of a note.
        """
        self._typed = typed
        self._hooks = hooks
        self._webhooks = webhooks
        self._read = read
        self._here: dict[Session, None] = {}

    def changed(self, key: NoteKey, batch: Batch) -> None:
        """Take a commit; what people typed is told of as typing."""
        if any(contribution.sender for contribution in batch.contributions if contribution.kept != EMPTY):
            self._typed(key)
        self._hooks.changed(lambda: Change(*key, contributors(batch), batch.update, partial(self._read, key)))
        if self._webhooks.wants("change"):
            self._webhooks.changed(key, contributors(batch))

    def joined(self, key: NoteKey, session: Session) -> None:
        """Take a client that comes."""
        self._here[session] = None
        self._webhooks.connected(key, identity_of(session))

    def left(self, key: NoteKey, session: Session) -> None:
        """Take a client that goes, the first time."""
        if session in self._here:
            del self._here[session]
            self._webhooks.disconnected(key, identity_of(session))

    def happened(self, kind: Kind, key: NoteKey) -> None:
        """Take what was published of a note."""
        if kind == "created":
            self._webhooks.created(key)
        elif kind == "deleted":
            self._webhooks.deleted(key)

    async def close(self, seconds: float) -> None:
        """Give hooks and webhooks so many seconds for what they have not been told of."""
        await asyncio.gather(self._hooks.close(seconds), self._webhooks.close(seconds))


def identity_of(session: Session) -> Identity:
    """Give whose session it is: what the server put into ``session.who``."""
    return session.who if isinstance(session.who, Identity) else ANYBODY


def contributors(batch: Batch) -> tuple[Identity, ...]:
    """Give whose edits a commit holds, each once, in the order of coming; not who edits over REST."""
    senders = [contribution.sender for contribution in batch.contributions if contribution.kept != EMPTY]
    people = {identity_of(sender).subject: identity_of(sender) for sender in senders if sender is not None}
    return tuple(people.values())
