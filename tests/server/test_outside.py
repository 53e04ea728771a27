import asyncio
from dataclasses import dataclass, field

import pytest

from crdt.contribution import Batch, Contribution
from crdt.session import Session
from crdt.updates import EMPTY
from server.access import ANYBODY, Identity
from server.clock import utc_now
from server.hookrunner import HookRunner
from server.hooks import Change, Hooks
from server.outside import Outside, contributors
from server.webhooks import Webhooks
from stores.notelog import NoteKey
from tests.crdt.typist import Typist
from tests.server.conftest import Here, until

KEY = NoteKey("w", "n")
UPDATE = Typist(1).type("x")
ANN, BEN = Identity("ann", ()), Identity("ben", ())


@dataclass
class Teller(Webhooks):
    """Webhooks that only write down what they are told."""

    told: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(None, (), utc_now, asyncio.get_running_loop().call_later)

    def connected(self, key: NoteKey, who: Identity) -> None:
        self.told.append(("connect", who.subject))

    def disconnected(self, key: NoteKey, who: Identity) -> None:
        self.told.append(("disconnect", who.subject))


class Listener(Hooks):
    def __init__(self) -> None:
        self.changes: list[Change] = []

    async def on_change(self, change: Change) -> None:
        self.changes.append(change)


def session(who: Identity | None = None) -> Session:
    made = Session()
    made.who = who
    return made


def batch(*senders: Session | None, kept: bytes = UPDATE) -> Batch:
    return Batch(UPDATE, [Contribution(sender, UPDATE, kept, kept) for sender in senders])


async def read(key: NoteKey) -> str:
    return f"the text of {key.note}"


def test_each_contributor_is_named_once_and_only_for_what_was_kept() -> None:
    ann, again, ben = session(ANN), session(ANN), session(BEN)
    assert contributors(batch(ann, ben, again, None)) == (ANN, BEN)
    assert contributors(batch(session())) == (ANYBODY,)
    assert contributors(batch(ann, kept=EMPTY)) == ()


async def test_hooks_hear_of_every_commit_and_listeners_of_typing_alone() -> None:
    typed: list[NoteKey] = []
    hook = Listener()
    outside = Outside(typed.append, HookRunner([hook]), Teller(), read)
    outside.changed(KEY, batch(None))
    assert typed == []
    outside.changed(KEY, batch(session(ANN)))
    assert typed == [KEY]
    await outside.close(30)
    assert [(change.note, change.contributors, change.update) for change in hook.changes] == [
        ("n", (), UPDATE),
        ("n", (ANN,), UPDATE),
    ]
    assert await hook.changes[0].text() == "the text of n"


async def test_a_client_comes_and_goes_once() -> None:
    teller = Teller()
    outside = Outside(lambda _: None, HookRunner(), teller, read)
    ann, stranger = session(ANN), session(BEN)
    outside.joined(KEY, ann)
    outside.left(KEY, ann)
    outside.left(KEY, ann)
    outside.left(KEY, stranger)
    assert teller.told == [("connect", "ann"), ("disconnect", "ann")]
    await outside.close(0)


async def test_the_hub_tells_of_a_client_that_joins_and_leaves(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    teller = Teller()
    monkeypatch.setattr(here.service.outside, "_webhooks", teller)
    async with here.connect("/ws/w/n") as client:
        await client.recv()
        assert teller.told == [("connect", "anybody")]
    await until(lambda: len(teller.told) == 2)
    assert teller.told[1] == ("disconnect", "anybody")
