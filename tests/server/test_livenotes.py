"""Row 13: edits that the server makes itself, notes that are deleted, and what their clients see of it."""

import asyncio
from collections.abc import Callable

import pytest

from crdt import statevector
from crdt.errors import NoteFull, NoteGone
from crdt.messages import SyncStep1, SyncStep2, Update
from crdt.session import Session
from crdt.text import Edit, rewrite
from server import hosted, livenotes
from server.clock import utc_now
from server.hookrunner import HookRunner
from server.hosted import NoteUnavailable
from server.livenotes import LiveNotes
from server.loader import document_of
from server.outside import Outside
from server.webhooks import Webhooks
from stores.errors import NotFound, Unavailable
from stores.notelog import NoteKey
from tests.crdt.typist import Typist
from tests.server.conftest import until
from tests.server.test_hub import KEY, Desk, House, house

__all__ = ["house"]

GONE = (4404, "The note was deleted: what was not acknowledged is not kept.")
OLD = 4409


@pytest.fixture
def live(house: House) -> LiveNotes:
    return LiveNotes(house.database, house.hub)


async def made(house: House, text: str = "") -> None:
    await house.log.create(KEY)
    if text:
        await house.hub.edit(KEY, lambda old: rewrite(old, text))


async def stored_text(house: House) -> str:
    return document_of(await house.log.read(KEY)).text()


async def come_back(house: House, typist: Typist) -> tuple[Session, Desk]:
    """A client that has a document already: it says what it has, and sends all of it."""
    note = await house.hub.open(KEY)
    desk = Desk()
    session = Session(desk)
    house.hub.join(note, session)
    house.hub.receive(note, session, SyncStep1(typist.doc.get_state()).encode())
    house.hub.receive(note, session, SyncStep2(typist.state()).encode())
    house.hub.turns.end()
    house.exit(note, session)
    return session, desk


async def test_an_edit_is_committed_when_it_returns_and_everyone_is_sent_it(house: House) -> None:
    note, ann, hers = await house.enter()
    house.type(note, ann, Typist(1).type("hello"))
    assert await house.hub.edit(KEY, lambda text: rewrite(text, f"{text}!")) == "hello!"
    assert await stored_text(house) == "hello!"
    replica = Typist(2)
    for message in hers.messages():
        assert isinstance(message, Update)
        replica.hear(message.update)
    assert str(replica) == "hello!"
    assert house.hub.text(KEY) == "hello!"
    house.exit(note, ann)


async def test_an_edit_of_what_somebody_has_who_is_coming_back_returns_all_the_same(house: House) -> None:
    await made(house, "some text")
    note = await house.hub.open(KEY)
    ann = Typist(1, note.room.document.encode())
    session = Session(Desk())
    house.hub.join(note, session)
    house.hub.receive(note, session, SyncStep1(ann.doc.get_state()).encode())
    async with asyncio.timeout(5):
        assert await house.hub.edit(KEY, lambda old: rewrite(old, "text")) == "text"
    house.exit(note, session)


async def test_edits_made_at_once_are_all_kept(house: House) -> None:
    await made(house)
    await asyncio.gather(*(house.hub.edit(KEY, lambda text: [Edit(0, 0, "x")]) for _ in range(5)))
    assert await stored_text(house) == "x" * 5


async def test_an_edit_does_not_make_a_note(house: House) -> None:
    with pytest.raises(NotFound, match='no note "a" in the workspace "default"'):
        await house.hub.edit(KEY, lambda text: rewrite(text, "x"))
    assert await house.text() is None
    assert house.hub.text(KEY) is None


async def test_an_edit_that_is_not_wanted_changes_nothing(house: House) -> None:
    await made(house, "text")

    def refuse(text: str) -> list[Edit]:
        raise LookupError(text)

    with pytest.raises(LookupError, match="text"):
        await house.hub.edit(KEY, refuse)
    with pytest.raises(NoteFull):
        await house.hub.edit(KEY, lambda text: rewrite(text, "x" * 20_000))
    assert await house.hub.edit(KEY, lambda _: []) == "text"
    assert len((await house.log.read(KEY)).rows) == 1


async def test_an_edit_that_the_store_does_not_keep_in_time_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(house)
    append = house.log.append
    away = asyncio.Event()

    async def slow(batch: object) -> None:
        await away.wait()
        await append(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(house.log, "append", slow)
    monkeypatch.setattr(hosted, "PATIENCE", 0.01)
    with pytest.raises(NoteUnavailable, match="has not kept it yet"):
        await house.hub.edit(KEY, lambda text: rewrite(text, "late"))
    with pytest.raises(NoteUnavailable, match="was not deleted"):
        await LiveNotes(house.database, house.hub).delete(KEY)
    away.set()
    await house.hub.journal.drained()
    assert await stored_text(house) == "late"


async def test_while_the_store_is_away_nothing_is_edited_or_deleted(house: House, live: LiveNotes) -> None:
    await made(house)
    house.hub.journal.available = False
    with pytest.raises(NoteUnavailable, match="does not take edits"):
        await house.hub.edit(KEY, lambda text: rewrite(text, "x"))
    with pytest.raises(NoteUnavailable, match="does not take changes"):
        await live.delete(KEY)
    assert house.hub.text(KEY) == ""
    house.hub.journal.available = True


async def test_an_edit_of_a_note_that_is_deleted_underneath_is_not_found(house: House) -> None:
    await made(house)
    note = await house.hub.open(KEY)
    await house.log.delete(KEY, await house.log.read(KEY), b"\x00")
    with pytest.raises(NotFound):
        await house.hub.edit(KEY, lambda text: rewrite(text, "x"))
    house.hub.release(note)


async def test_what_clients_type_is_told_and_what_the_server_edits_is_not(house: House) -> None:
    told: list[NoteKey] = []

    async def unread(_: NoteKey) -> str:
        pytest.fail("nobody wants the text")

    later = asyncio.get_running_loop().call_later
    house.hub.watcher = Outside(told.append, HookRunner(), Webhooks(None, (), utc_now, later), unread)
    await made(house, "x")
    assert told == []
    note, ann, _ = await house.enter()
    house.type(note, ann, Typist(1).type("y"))
    await until(lambda: told == [KEY])
    house.exit(note, ann)


async def test_closing_a_note_closes_its_clients_and_writes_nothing_back(house: House) -> None:
    note, ann, hers = await house.enter()
    house.type(note, ann, Typist(1).type("x"))
    await house.hub.close_note(KEY, NoteGone())
    assert hers.closed == GONE
    assert hers.messages() == []
    assert house.hub.open_notes() == []
    await house.hub.journal.drained()
    assert (await house.log.read(KEY)).rows == ()
    await house.hub.close_note(KEY, NoteGone())
    late = Session(Desk())
    house.hub.join(note, late)
    assert late.error is ann.error is not None
    house.exit(note, ann)


async def test_closing_a_workspace_closes_its_notes_alone(house: House) -> None:
    a, ann, hers = await house.enter()
    b, ben, his = await house.enter(NoteKey("default", "b"))
    c, cat, others = await house.enter(NoteKey("other", "a"))
    await house.hub.close_workspace("default")
    assert hers.closed == his.closed == (4404, "The workspace was deleted, and this note with it.")
    assert others.closed is None
    for note, session in ((a, ann), (b, ben), (c, cat)):
        house.exit(note, session)


async def test_a_deleted_note_is_gone_and_its_clients_are_closed(house: House, live: LiveNotes) -> None:
    note, ann, hers = await house.enter()
    house.type(note, ann, Typist(1).type("x"))
    await live.delete(KEY)
    assert hers.closed == GONE
    assert await house.text() is None
    house.exit(note, ann)
    with pytest.raises(NotFound):
        await live.delete(KEY)


async def test_a_deletion_can_be_refused_for_what_the_text_is(house: House, live: LiveNotes) -> None:
    def refuse(text: str) -> None:
        raise LookupError(text)

    await made(house, "open")
    with pytest.raises(LookupError, match="open"):
        await live.delete(KEY, refuse)
    await until(lambda: not house.hub.open_notes())
    with pytest.raises(LookupError, match="open"):
        await live.delete(KEY, refuse)
    assert await house.text() == "open"


async def test_who_waits_for_an_edit_of_a_note_that_is_deleted_is_told(
    house: House, live: LiveNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(house)
    append = house.log.append
    away = asyncio.Event()

    async def slow(batch: object) -> None:
        await away.wait()
        await append(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(house.log, "append", slow)
    note = await house.hub.open(KEY)
    first = asyncio.create_task(house.hub.edit(KEY, lambda text: rewrite(text, "first")))
    await until(lambda: bool(house.hub.journal._committing))
    second = asyncio.create_task(house.hub.edit(KEY, lambda text: rewrite(text, "second")))
    await until(lambda: len(note.edits) == 2)
    deleting = asyncio.create_task(live.delete(KEY))
    for edit in (first, second):
        with pytest.raises(NotFound, match="deleted meanwhile"):
            await edit
    assert not deleting.done()
    away.set()
    await deleting
    assert await house.text() is None
    await house.log.create(KEY)
    assert (await house.log.read(KEY)).rows == ()
    house.hub.release(note)


@pytest.mark.parametrize("open_when_deleted", [True, False])
@pytest.mark.parametrize("made_again", [True, False])
@pytest.mark.parametrize("compacted", [True, False])
async def test_an_old_client_that_comes_back_does_not_merge(
    house: House, live: LiveNotes, open_when_deleted: bool, made_again: bool, compacted: bool
) -> None:
    typist = Typist(1)
    note, ann, _ = await house.enter()
    house.type(note, ann, typist.type("old"))
    await house.hub.journal.settled(note)
    if compacted or not open_when_deleted:
        house.exit(note, ann)
        await until(lambda: not house.hub.open_notes())
    if open_when_deleted and compacted:
        await house.enter()
    await live.delete(KEY)
    if made_again:
        await made(house, "new")
    typist.type(" and more, typed offline")
    session, desk = await come_back(house, typist)
    assert session.error is not None
    assert session.error.code == OLD
    assert not [message for message in desk.messages() if isinstance(message, SyncStep2 | Update)]
    await house.hub.journal.drained()
    if made_again:
        document = document_of(await house.log.read(KEY))
        assert (document.text(), document.waiting) == ("new", None)
        assert 1 not in statevector.decode(document.state_vector())
    else:
        assert await house.text() is None


async def test_a_note_that_nobody_could_keep_is_still_known_to_be_old(house: House, live: LiveNotes) -> None:
    note, ann, _ = await house.enter()
    typist = Typist(1)
    house.type(note, ann, typist.type("never committed"))
    await live.delete(KEY)
    await made(house, "new")
    session, _ = await come_back(house, typist)
    assert session.error is not None
    assert session.error.code == OLD
    house.exit(note, ann)


async def test_all_earlier_generations_are_remembered(house: House, live: LiveNotes) -> None:
    typists = [Typist(client) for client in (1, 2, 3)]
    for typist in typists:
        note, ann, hers = await house.enter()
        house.type(note, ann, typist.type("x"))
        await until(lambda desk=hers: bool(desk.frames))  # type: ignore[misc]
        await live.delete(KEY)
        house.exit(note, ann)
    for typist in typists:
        session, _ = await come_back(house, typist)
        assert session.error is not None
        assert session.error.code == OLD
    session, _ = await come_back(house, Typist(4))
    assert session.error is None


async def test_a_deleted_note_is_made_again_when_a_new_client_writes_in_it(house: House, live: LiveNotes) -> None:
    await made(house, "old")
    await live.delete(KEY)
    note, ann, hers = await house.enter()
    assert note.missing
    assert await house.text() is None
    typist = Typist(5)
    updates = [typist.type("n")]
    house.type(note, ann, updates[0])
    house.hub.turns.end()
    for letter in "ew":
        updates.append(typist.type(letter))
        house.type(note, ann, updates[-1])
    await until(lambda: len(hers.frames) > 0)
    await house.hub.journal.settled(note)
    house.exit(note, ann)
    await until(lambda: not house.hub.open_notes())
    assert await house.text() == "new"


async def test_a_deleted_note_that_nobody_writes_in_stays_deleted(house: House, live: LiveNotes) -> None:
    await made(house, "old")
    await live.delete(KEY)
    note, ann, _ = await house.enter()
    with pytest.raises(NotFound):
        await live.delete(KEY)
    house.exit(note, ann)
    await until(lambda: not house.hub.open_notes())
    assert await house.text() is None


async def test_a_deleted_note_that_cannot_be_made_again_lets_its_clients_go(
    house: House, live: LiveNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(house, "old")
    await live.delete(KEY)
    note, ann, hers = await house.enter()

    async def fail(_: NoteKey) -> None:
        raise Unavailable("The store is away.")

    monkeypatch.setattr(house.log, "create", fail)
    house.type(note, ann, Typist(5).type("new"))
    await until(lambda: hers.closed is not None)
    assert hers.closed is not None
    assert hers.closed[0] == 1013
    house.exit(note, ann)


async def test_a_note_that_is_being_made_again_is_made_before_the_server_stops(house: House, live: LiveNotes) -> None:
    await made(house, "old")
    await live.delete(KEY)
    note, ann, hers = await house.enter()
    house.type(note, ann, Typist(5).type("new"))
    await house.hub.drain()
    assert len(hers.messages()) == 1
    assert await stored_text(house) == "new"


async def test_a_note_that_is_being_made_again_is_made_before_it_is_put_away(
    house: House, live: LiveNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(house, "old")
    await live.delete(KEY)
    create = house.log.create
    started, ready = asyncio.Event(), asyncio.Event()

    async def slow(key: NoteKey) -> None:
        started.set()
        await ready.wait()
        await create(key)

    monkeypatch.setattr(house.log, "create", slow)
    note, ann, _ = await house.enter()
    house.type(note, ann, Typist(5).type("new"))
    await started.wait()
    house.exit(note, ann)
    evicting = asyncio.create_task(house.hub._evict(note))
    await asyncio.sleep(0)
    ready.set()
    await evicting
    await until(lambda: not house.hub.open_notes())
    assert await house.text() == "new"


async def test_a_note_that_is_being_made_again_can_be_deleted_again(house: House, live: LiveNotes) -> None:
    await made(house, "old")
    await live.delete(KEY)
    note, ann, _ = await house.enter()
    house.type(note, ann, Typist(5).type("new"))
    house.hub.turns.end()
    assert note.making is not None
    await asyncio.gather(live.delete(KEY), note.making, return_exceptions=True)
    await house.hub.journal.drained()
    house.exit(note, ann)
    await until(lambda: not house.hub.open_notes())
    if await house.text() is not None:
        await live.delete(KEY)
    assert await house.text() is None


async def test_a_damaged_note_can_be_deleted(house: House, live: LiveNotes) -> None:
    await made(house)
    await until(lambda: not house.hub.open_notes())
    await house.log.append([(KEY, b"\x07damaged")])
    assert (await live.read(KEY)).content == ""
    await live.delete(KEY)
    assert await house.text() is None


@pytest.mark.parametrize("typed_meanwhile", [True, False])
async def test_a_large_text_is_compared_beside_the_loop_with_what_is_there_in_the_end(
    house: House, live: LiveNotes, monkeypatch: pytest.MonkeyPatch, typed_meanwhile: bool
) -> None:
    monkeypatch.setattr(livenotes, "LARGE", 10)
    await made(house, "one two three")
    compared = asyncio.Event()
    to_thread = asyncio.to_thread

    async def slowly(function: Callable[..., object], *arguments: object) -> object:
        result = await to_thread(function, *arguments)
        await compared.wait()
        return result

    monkeypatch.setattr(asyncio, "to_thread", slowly)
    writing = asyncio.create_task(live.rewrite(KEY, "one 2 three"))
    if typed_meanwhile:
        await house.hub.edit(KEY, lambda text: [Edit(0, 0, "zero ")])
    compared.set()
    assert await writing == "one 2 three"
    assert await stored_text(house) == "one 2 three"


async def test_a_text_is_that_of_the_room_or_of_the_log_or_of_the_table(
    house: House, live: LiveNotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(house, "in the room")
    assert (await live.read(KEY)).content == "in the room"
    await until(lambda: not house.hub.open_notes())
    assert await house.text() == "in the room"
    await house.log.append([(KEY, Typist(3).type("in the log, "))])
    assert sorted((await live.read(KEY)).content.split(", ")) == ["in the log", "in the room"]

    async def vanish(_: NoteKey) -> None:
        raise NotFound

    monkeypatch.setattr(live, "_log", house.log)
    monkeypatch.setattr(house.log, "read", vanish)
    assert (await live.read(KEY)).content == "in the room"
