from collections.abc import AsyncIterator

import pytest

from crdt.encoding import write_string
from crdt.envelope import ASK_FOR_TOKEN, REFUSED, STORED, authenticated, denied
from crdt.errors import ResetConnection
from crdt.messages import SyncStep1, SyncStep2, Update, decode
from server.access import Access, Grant
from tests.crdt.typist import Typist
from tests.server.conftest import close_of, until
from tests.server.guests import Guarded, guarded
from tests.server.test_hocuspocus import Editor, dial

STEP_1 = SyncStep1(b"\x00").encode()
NEEDED = denied("A token is needed: ask whoever runs this server for a link.")


@pytest.fixture
async def server() -> AsyncIterator[Guarded]:
    async with guarded() as started:
        yield started


def show(token: str) -> bytes:
    return b"\x02\x00" + write_string(token)


async def hear_until(editor: Editor, message: bytes) -> list[bytes]:
    """All messages up to one, which is the last of them."""
    heard: list[bytes] = []
    while not heard or heard[-1] != message:
        heard.append(await editor.hear())
    return heard


async def test_a_writer_and_a_reader_in_one_note(server: Guarded) -> None:
    async with dial(server.here) as first, dial(server.here) as second:
        ann, ben = Editor(first), Editor(second)
        await ann.say(show(server.token(Access.WRITE, note="n")), STEP_1)
        assert await ann.hear() == authenticated()
        await ann.say(Update(Typist(1).type("a")).encode())
        await hear_until(ann, STORED)
        await ben.say(show(server.token(Access.READ)), STEP_1)
        assert await ben.hear() == authenticated(read_only=True)
        await ben.say(Update(Typist(2).type("!")).encode())
        await hear_until(ben, REFUSED)
        await ben.say(b"\x05" + write_string("psst"))
        await ann.say(b"\x05" + write_string("hello"))
        assert await ben.hear() == b"\x05" + write_string("hello")
        (note,) = server.here.service.hub.open_notes()
        assert note.room.document.text() == "a"


async def test_a_wrong_token_is_denied_and_the_right_one_goes_on_with_what_was_sent(server: Guarded) -> None:
    async with dial(server.here) as socket:
        ann = Editor(socket)
        await ann.say(show("wrong"), STEP_1)
        assert (await ann.hear()).startswith(b"\x02\x01")
        await ann.say(show(server.token(Access.ADMIN, "other")))
        assert await ann.hear() == denied("This token does not let you open w/n.")
        await ann.say(show(server.token(Access.WRITE)))
        assert await ann.hear() == authenticated()
        assert {type(message) for _ in range(2) for message in decode(await ann.hear())} == {SyncStep1, SyncStep2}


async def test_the_last_token_counts(server: Guarded) -> None:
    async with dial(server.here) as socket:
        ann = Editor(socket)
        await ann.say(show("wrong"), show(server.token(Access.READ, "w")), show(server.token(Access.WRITE)), STEP_1)
        await hear_until(ann, authenticated())


async def test_who_shows_no_token_is_denied_and_may_show_one_later(server: Guarded) -> None:
    async with dial(server.here) as socket:
        ann = Editor(socket)
        await ann.say(STEP_1)
        assert await ann.hear() == NEEDED
        await ann.say(show(server.token(Access.WRITE)))
        assert await ann.hear() == authenticated()


async def test_a_reader_does_not_make_a_note(server: Guarded) -> None:
    async with dial(server.here) as socket:
        ann = Editor(socket)
        await ann.say(show(server.token(Access.READ)))
        assert await ann.hear() == denied('There is no note "n" in the workspace "w".')


async def test_strangers_have_little_time_and_little_room() -> None:
    async with guarded(auth_seconds=0.05, max_unauthenticated_bytes=1024) as server:
        async with dial(server.here) as socket:
            await Editor(socket).say(show("wrong"))
            assert await close_of(socket) == (4408, "No valid token was shown within 0.05 s.")
        async with dial(server.here) as socket:
            await Editor(socket).say(show("x" * 1024))
            assert await close_of(socket) == (1008, "Too much was sent before a valid token was shown.")
        async with dial(server.here) as socket:
            ann = Editor(socket)
            await ann.say(show(server.token(Access.WRITE)), STEP_1)
            assert await ann.hear() == authenticated()
            update = Typist(1).type("x" * 2000)
            await ann.say(Update(update).encode())
            await hear_until(ann, STORED)


async def test_a_token_is_asked_for_before_it_expires_and_renewed_in_band(server: Guarded) -> None:
    async with dial(server.here) as socket:
        ann = Editor(socket)
        await ann.say(show(server.token(Access.WRITE, seconds=100)), STEP_1)
        await hear_until(ann, authenticated())
        server.pass_time(75)
        await hear_until(ann, ASK_FOR_TOKEN)
        server.pass_time(1)
        await ann.say(show(server.token(Access.READ, seconds=100)))
        assert await ann.hear() == authenticated(read_only=True)
        server.pass_time(80)
        assert await ann.hear() == ASK_FOR_TOKEN
        await ann.say(show(server.token(Access.WRITE)))
        assert await ann.hear() == authenticated()


async def test_who_comes_back_after_the_end_begins_anew(server: Guarded) -> None:
    issued = server.issue(Grant("w", Access.WRITE))
    async with dial(server.here) as socket:
        ann = Editor(socket)
        await ann.say(show(issued.token), STEP_1)
        assert await ann.hear() == authenticated()
        (note,) = server.here.service.hub.open_notes()
        await until(lambda: len(note.room.sessions) == 1)
        await server.take_back(issued)
        await hear_until(ann, denied("The token was taken back: ask for a new one."))
        assert note.room.sessions == ()
        await ann.say(Update(Typist(1).type("mine")).encode())
        await ann.say(show(server.token(Access.WRITE)))
        assert await close_of(socket) == (4205, ResetConnection().reason)
        assert note.room.document.text() == ""


async def test_a_reader_whose_changes_were_refused_begins_anew_as_a_writer(server: Guarded) -> None:
    async with dial(server.here) as first, dial(server.here) as second:
        ann, ben = Editor(first), Editor(second)
        await ann.say(show(server.token(Access.WRITE)), STEP_1)
        await hear_until(ann, authenticated())
        await ben.say(show(server.token(Access.READ)), STEP_1)
        await hear_until(ben, authenticated(read_only=True))
        await ben.say(Update(Typist(1).type("a")).encode())
        await hear_until(ben, REFUSED)
        await ben.say(show(server.token(Access.WRITE)))
        assert (await close_of(second))[0] == 4205


async def test_a_token_that_is_left_to_read_is_said_so(server: Guarded) -> None:
    issued = server.issue(Grant("w", Access.WRITE))
    async with dial(server.here) as socket:
        ann = Editor(socket)
        await ann.say(show(issued.token), STEP_1)
        await hear_until(ann, authenticated())
        await server.take_back(issued, "read")
        await hear_until(ann, authenticated(read_only=True))
        await ann.say(Update(Typist(1).type("a")).encode())
        assert await ann.hear() == REFUSED


async def test_documents_of_one_connection_have_rights_of_their_own(server: Guarded) -> None:
    issued = server.issue(Grant("w", Access.WRITE, "n"))
    async with dial(server.here) as socket:
        ann, other = Editor(socket), Editor(socket, "x/n")
        await ann.say(show(issued.token))
        assert await ann.hear() == authenticated()
        assert await ann.hear() == STEP_1
        await other.say(show(issued.token))
        assert await other.hear() == denied("This token does not let you open x/n.")
        await other.say(show(server.token(Access.WRITE, "x")))
        assert [await other.hear(), await other.hear()] == [authenticated(), STEP_1]
        await server.take_back(issued)
        assert await ann.hear() == denied("The token was taken back: ask for a new one.")
        await other.say(Update(Typist(1).type("a")).encode())
        assert await other.hear() == STORED
