"""Rows 19 and 20: each role, each kind of message, both protocols; nobody speaks for someone else's awareness id."""

import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from crdt.encoding import write_string
from crdt.envelope import PING, PONG, REFUSED, STORED, authenticated, denied
from crdt.errors import ReadOnly
from crdt.messages import AwarenessUpdate, PermissionDenied, SyncStep1, SyncStep2, Update
from server.access import Access
from stores.notelog import NoteKey
from tests.crdt.test_presence import ANN, BOB, awareness
from tests.crdt.typist import Typist
from tests.faults.raw import NOTHING, STEP_1, Raw, auth, guarded, hocuspocus, token, y_websocket
from tests.server.conftest import Here, close_of, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROLES = {
    "none": token(Access.WRITE, "w", "another"),
    "read": token(Access.READ),
    "write": token(Access.WRITE),
    "admin": token(Access.ADMIN),
}
OBSERVER = 1
BASE = Typist(OBSERVER).type("base")
STATE_VECTOR = b"\x01\x01\x04"
NEWS = Typist(2).type("news")
READS, WRITES = ("read",), ("write", "admin")
LET_IN = (*READS, *WRITES)
HERE = AwarenessUpdate(awareness((OBSERVER, 1, ANN))).encode()
OWN = AwarenessUpdate(awareness((2, 1, BOB))).encode()
FORGED = AwarenessUpdate(awareness((OBSERVER, 9, BOB))).encode()
REMOVAL = AwarenessUpdate(awareness((OBSERVER, 9, "null"))).encode()
STATELESS = b"\x05" + write_string("hello")
SYNCED = [SyncStep1(STATE_VECTOR).encode(), SyncStep2(BASE).encode()]

Row = tuple[bytes, list[bytes], list[bytes], bool]
"""A message; what its sender hears; what another client hears; whether it is applied."""

SENT_ON = Update(NEWS).encode()
CHANGES = {"step 2 with news": SyncStep2(NEWS).encode(), "update with news": Update(NEWS).encode()}
STALE = {"step 2 without news": SyncStep2(BASE).encode(), "update without news": Update(BASE).encode()}

HOCUSPOCUS: dict[tuple[str, str], Row] = {
    **{("step 1", role): (STEP_1, SYNCED, [], False) for role in LET_IN},
    **{("empty step 2", role): (NOTHING, [STORED], [], False) for role in LET_IN},
    **{(name, role): (sent, [STORED], [], False) for name, sent in STALE.items() for role in WRITES},
    ("step 2 without news", "read"): (STALE["step 2 without news"], [STORED], [], False),
    ("update without news", "read"): (STALE["update without news"], [REFUSED], [], False),
    **{(name, role): (sent, [STORED], [SENT_ON], True) for name, sent in CHANGES.items() for role in WRITES},
    **{(name, "read"): (sent, [REFUSED], [], False) for name, sent in CHANGES.items()},
    **{("own awareness", role): (OWN, [OWN], [OWN], False) for role in LET_IN},
    **{("forged awareness", role): (FORGED, [], [], False) for role in LET_IN},
    **{("forged removal", role): (REMOVAL, [], [], False) for role in LET_IN},
    **{("query awareness", role): (b"\x03", [HERE], [], False) for role in LET_IN},
    **{("stateless", role): (STATELESS, [], [STATELESS], False) for role in WRITES},
    ("stateless", "read"): (STATELESS, [], [], False),
    **{("close", role): (b"\x07", [], [], False) for role in LET_IN},
    **{("ping", role): (PING, [PONG], [], False) for role in (*LET_IN, "none")},
    **{("pong", role): (PONG, [], [], False) for role in (*LET_IN, "none")},
    **{("auth", role): (auth(ROLES[role]), [authenticated()], [], False) for role in WRITES},
    ("auth", "read"): (auth(ROLES["read"]), [authenticated(read_only=True)], [], False),
    **{
        (name, "none"): (sent, [], [], False)
        for name, sent in (CHANGES | STALE).items()
    },
    **{
        (name, "none"): (sent, [], [], False)
        for name, sent in {"step 1": STEP_1, "own awareness": OWN, "query awareness": b"\x03", "stateless": STATELESS,
                           "close": b"\x07", "forged awareness": FORGED, "forged removal": REMOVAL}.items()
    },
}  # fmt: skip

TOLD = PermissionDenied(ReadOnly().reason).encode()
Y_WEBSOCKET: dict[tuple[str, str], Row] = {
    **{("step 1", role): (STEP_1, SYNCED[1:], [], False) for role in LET_IN},
    **{("empty step 2", role): (NOTHING, [], [], False) for role in LET_IN},
    **{(name, role): (sent, [Update(BASE).encode()], [], False) for name, sent in STALE.items() for role in WRITES},
    ("step 2 without news", "read"): (STALE["step 2 without news"], [Update(BASE).encode()], [], False),
    **{
        (name, role): (sent, [Update(NEWS).encode()], [Update(NEWS).encode()], True)
        for name, sent in CHANGES.items()
        for role in WRITES
    },
    **{("own awareness", role): (OWN, [OWN], [OWN], False) for role in LET_IN},
    **{("forged awareness", role): (FORGED, [], [], False) for role in LET_IN},
    **{("forged removal", role): (REMOVAL, [], [], False) for role in LET_IN},
    **{("query awareness", role): (b"\x03", [HERE], [], False) for role in LET_IN},
}
REFUSED_THERE = CHANGES | {"update without news": STALE["update without news"]}

SERVERS_ONLY = {
    "sync reply (4)": b"\x04\x00\x00",
    "broadcast stateless (6)": b"\x06" + write_string("hello"),
    "sync status (8)": STORED,
    "unknown (99)": b"\x63",
    "permission denied": denied("no"),
    "authenticated": authenticated(),
}
UNKNOWN_THERE = {
    "permission denied": TOLD,
    "auth (4)": b"\x04",
    "stateless (5)": STATELESS,
    "close (7)": b"\x07",
    "sync status (8)": STORED,
    "ping (9)": PING,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here() -> AsyncIterator[Here]:
    """One server for all: each test has a note of its own."""
    async with serving(guarded(room_idle_seconds=60)) as started:
        yield started


@pytest.fixture
def note() -> str:
    return f"n-{uuid.uuid4().hex[:8]}"


@pytest_asyncio.fixture(loop_scope="module")
async def observer(here: Here, note: str) -> AsyncIterator[Raw]:
    """Somebody else in the note, who wrote what it has and whose name is seen."""
    async with hocuspocus(here, note, ROLES["write"]) as raw:
        await raw.say(Update(BASE).encode(), HERE)
        await raw.heard()
        yield raw


def text(here: Here, note: str) -> str | None:
    return here.service.hub.text(NoteKey("w", note))


@pytest.mark.parametrize(("name", "role"), HOCUSPOCUS, ids=str)
async def test_hocuspocus(here: Here, observer: Raw, note: str, name: str, role: str) -> None:
    message, answer, told, applied = HOCUSPOCUS[name, role]
    async with hocuspocus(here, note, ROLES[role]) as raw:
        await raw.heard()
        await observer.heard()
        await raw.say(message)
        assert await raw.heard() == answer
        assert await observer.heard() == told
        assert (text(here, note) != "base") is applied
        assert raw.socket.close_code is None
    if name == "own awareness" and role in LET_IN:
        assert await observer.heard() == [AwarenessUpdate(awareness((2, 1, "null"))).encode()]


@pytest.mark.parametrize(("name", "role"), Y_WEBSOCKET, ids=str)
async def test_y_websocket(here: Here, observer: Raw, note: str, name: str, role: str) -> None:
    message, answer, told, applied = Y_WEBSOCKET[name, role]
    async with y_websocket(here, note, ROLES[role]) as raw:
        await observer.heard()
        await raw.say(message)
        assert await raw.heard() == answer
        assert await observer.heard() == told
        assert (text(here, note) != "base") is applied
        assert raw.socket.close_code is None


@pytest.mark.parametrize("name", REFUSED_THERE)
async def test_a_y_websocket_reader_that_writes_is_closed_once_and_then_told(
    here: Here, observer: Raw, note: str, name: str
) -> None:
    async with y_websocket(here, note, ROLES["read"]) as raw:
        await raw.say(REFUSED_THERE[name])
        assert await raw.heard() == [TOLD]
        assert await close_of(raw.socket) == (4403, ReadOnly().reason)
    async with y_websocket(here, note, ROLES["read"]) as raw:
        await raw.say(REFUSED_THERE[name], REFUSED_THERE[name])
        assert await raw.heard() == [TOLD]
        assert raw.socket.close_code is None
    assert await observer.heard() == []
    assert text(here, note) == "base"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SERVERS_ONLY)
async def test_what_only_a_server_sends_closes_a_hocuspocus_client(
    here: Here, observer: Raw, note: str, name: str, role: str
) -> None:
    async with hocuspocus(here, note, ROLES[role]) as raw:
        await raw.say(SERVERS_ONLY[name])
        code, reason = await close_of(raw.socket)
        assert code == 1002
        assert reason
    assert await observer.heard() == []


@pytest.mark.parametrize("role", LET_IN)
@pytest.mark.parametrize("name", UNKNOWN_THERE)
async def test_what_is_no_message_closes_a_y_websocket_client(
    here: Here, observer: Raw, note: str, name: str, role: str
) -> None:
    async with y_websocket(here, note, ROLES[role]) as raw:
        await raw.say(UNKNOWN_THERE[name])
        assert (await close_of(raw.socket))[0] == 1002
    assert await observer.heard() == []


@pytest.mark.parametrize("kind", [name for name, role in HOCUSPOCUS if role == "none"])
async def test_without_a_token_nothing_is_taken(here: Here, observer: Raw, note: str, kind: str) -> None:
    message, answer, _, _ = HOCUSPOCUS[kind, "none"]
    async with hocuspocus(here, note, None) as raw:  # its step 1 was denied already, with a sentence
        await raw.say(message)
        assert await raw.heard() == answer
        assert raw.socket.close_code is None
    assert await observer.heard() == []
    assert text(here, note) == "base"


@pytest.mark.parametrize(("shown", "status"), [("", 401), ("nonsense", 401), (ROLES["none"], 403)])
async def test_a_y_websocket_client_is_refused_before_the_upgrade(
    here: Here, note: str, shown: str, status: int
) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with y_websocket(here, note, shown):
            pass
    assert refusal.value.response.status_code == status


async def test_what_waited_for_a_token_is_taken_with_the_right_one(here: Here, observer: Raw, note: str) -> None:
    async with hocuspocus(here, note, ROLES["none"]) as raw:
        await raw.say(Update(NEWS).encode(), auth(ROLES["write"]))
        while STORED not in (heard := await raw.heard()):
            assert raw.socket.close_code is None
        assert heard.count(STORED) == 1
    assert Update(NEWS).encode() in await observer.heard()
    assert text(here, note) != "base"


async def test_what_waited_is_refused_when_the_right_token_only_reads(here: Here, observer: Raw, note: str) -> None:
    async with hocuspocus(here, note, ROLES["none"]) as raw:
        await raw.say(Update(NEWS).encode(), auth(ROLES["read"]))
        heard: list[bytes] = []
        while REFUSED not in heard:
            heard += await raw.heard()
        assert STORED not in heard
    assert await observer.heard() == []
    assert text(here, note) == "base"


async def test_the_wrong_token_again_is_denied_again(here: Here, note: str) -> None:
    async with hocuspocus(here, note, ROLES["none"]) as raw:
        await raw.say(auth(ROLES["none"]))
        assert await raw.heard() == [denied(f"This token does not let you open w/{note}.")]


async def test_a_client_that_begins_anew_is_asked_anew_what_it_has(here: Here, note: str) -> None:
    """A provider counts its answer as unsynced from the moment it begins, and waits for it to be stored."""
    async with hocuspocus(here, note, ROLES["write"]) as raw:
        for _ in range(2):
            await raw.say(auth(ROLES["write"]), STEP_1, STEP_1)
            assert sorted(await raw.heard()) == sorted([SyncStep1(b"\x00").encode(), NOTHING, NOTHING, authenticated()])
            await raw.say(NOTHING)
            assert await raw.heard() == [STORED]
