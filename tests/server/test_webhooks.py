import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from crdt.messages import Update
from server import config
from server.access import Access, Grant, Identity
from server.app import running
from server.clock import utc_now
from server.config import BadSettings, Settings
from server.delivery import Delivery
from server.signature import Signer, key_of
from server.webhooks import Webhooks, receiver_of
from stores.notelog import NoteKey
from tests.crdt.typist import Typist
from tests.server.conftest import quick, serving, until
from tests.server.receiver import SECRET, Receiver, receiving
from tests.server_process import ServerProcess

KEY = NoteKey("w", "n")
ANN = Identity("ann", (Grant("w", Access.WRITE),), "Ann")
BOB = Identity("bob", ())
KINDS: tuple[config.WebhookKind, ...] = ("change", "create", "delete", "connect", "disconnect")


@dataclass
class Alarm:
    """Something put off, for good."""

    ring: Callable[[], None]

    def cancel(self) -> None:
        """Never do it."""


@dataclass
class Desk:
    """Webhooks to a receiver on this machine, and a timer that only the test moves."""

    receiver: Receiver
    kinds: tuple[config.WebhookKind, ...] = KINDS
    alarms: list[Alarm] = field(default_factory=list)

    def __post_init__(self) -> None:
        there = delivery_to(self.receiver)
        self.webhooks = Webhooks(there, self.kinds, utc_now, self.later)

    def later(self, seconds: float, call: Callable[[NoteKey], None], key: NoteKey) -> Alarm:
        self.alarms.append(Alarm(lambda: call(key)))
        return self.alarms[-1]

    def a_second_passes(self) -> None:
        alarms, self.alarms = self.alarms, []
        for alarm in alarms:
            alarm.ring()


def delivery_to(receiver: Receiver) -> Delivery:
    from server.delivery import Receiver as Where

    return Delivery(Where(receiver.url, "h", Signer(key_of(SECRET)), True), utc_now, sleep=lambda _: asyncio.sleep(0))


@asynccontextmanager
async def desk(*answers: int, kinds: tuple[config.WebhookKind, ...] = KINDS) -> AsyncIterator[Desk]:
    with receiving(answers) as receiver:
        made = Desk(receiver, kinds)
        yield made
        await made.webhooks.close(30)


def told(receiver: Receiver) -> list[tuple[str, Any]]:
    return [(event["type"], event.get("by")) for event in receiver.events()]


async def test_each_event_says_what_happened_where_and_who_did_it() -> None:
    async with desk() as here:
        here.webhooks.created(KEY)
        here.webhooks.connected(KEY, ANN)
        here.webhooks.disconnected(KEY, BOB)
        here.webhooks.deleted(KEY)
        await until(lambda: len(here.receiver.posted) == 4)
        events = here.receiver.events()
    assert [event["type"] for event in events] == ["create", "connect", "disconnect", "delete"]
    assert set(events[0]) == {"type", "timestamp", "workspaceId", "noteId"}
    assert {(event["workspaceId"], event["noteId"]) for event in events} == {KEY}
    assert [event.get("by") for event in events[1:3]] == [[{"subject": "ann", "name": "Ann"}], [{"subject": "bob"}]]


async def test_a_name_that_is_no_text_is_sent_all_the_same() -> None:
    async with desk() as here:
        here.webhooks.connected(KEY, Identity("a\ud800", (), "\udfffb"))
    assert told(here.receiver) == [("connect", [{"subject": "a?", "name": "?b"}])]


async def test_changes_are_told_at_once_and_then_together() -> None:
    async with desk() as here:
        here.webhooks.changed(KEY, [ANN])
        await until(lambda: len(here.receiver.posted) == 1)
        await until(lambda: bool(here.alarms))
        for who in (ANN, BOB, ANN):
            here.webhooks.changed(KEY, [who])
        here.a_second_passes()
        await until(lambda: len(here.receiver.posted) == 2)
        await until(lambda: bool(here.alarms))
        here.a_second_passes()
    ann, bob = {"subject": "ann", "name": "Ann"}, {"subject": "bob"}
    assert told(here.receiver) == [("change", [ann]), ("change", [ann, bob])]


async def test_a_stop_tells_of_the_changes_that_were_put_off() -> None:
    async with desk() as here:
        here.webhooks.changed(KEY, [ANN])
        await until(lambda: bool(here.alarms))
        here.webhooks.changed(KEY, [])
    assert [kind for kind, _ in told(here.receiver)] == ["change", "change"]


async def test_only_the_events_that_were_asked_for_are_sent() -> None:
    async with desk(kinds=("delete",)) as here:
        here.webhooks.changed(KEY, [ANN])
        here.webhooks.created(KEY)
        here.webhooks.connected(KEY, ANN)
        here.webhooks.deleted(KEY)
    assert [kind for kind, _ in told(here.receiver)] == ["delete"]


async def test_without_a_receiver_there_are_none() -> None:
    webhooks = Webhooks(None, KINDS, utc_now, asyncio.get_running_loop().call_later)
    webhooks.changed(KEY, [ANN])
    webhooks.created(KEY)
    assert not any(map(webhooks.wants, KINDS))
    await webhooks.close(0)


async def test_events_of_a_note_arrive_in_order_also_when_one_is_not_taken_at_first() -> None:
    async with desk(500, 503) as here:
        here.webhooks.created(KEY)
        here.webhooks.deleted(KEY)
    assert [kind for kind, _ in told(here.receiver)] == ["create", "create", "create", "delete"]


def test_without_a_url_there_is_no_receiver() -> None:
    assert receiver_of(quick()) is None


def test_the_receiver_is_what_the_settings_say() -> None:
    there = receiver_of(quick(webhook_url="https://hooks.example.com/notes?key=1", webhook_secret=SECRET))
    assert there is not None
    assert (there.url, there.host) == ("https://hooks.example.com/notes?key=1", "hooks.example.com")
    assert not there.allow_private
    local = receiver_of(quick(webhook_url="http://[::1]:1/", webhook_secret=SECRET, webhook_allow_private=True))
    assert local is not None
    assert (local.host, local.allow_private) == ("::1", True)
    assert receiver_of(quick(webhook_url="https://8.8.8.8/", webhook_secret=SECRET)) is not None


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "169.254.169.254", "10.1.2.3", "[fd00::1]", "2130706433", "0177.0.0.1", "0x7f.1", "0"],
)
def test_a_url_with_an_address_that_is_not_public_is_refused_at_the_start(host: str) -> None:
    with pytest.raises(BadSettings, match="is not a public address; set ROUTA_WEBHOOK_ALLOW_PRIVATE=true"):
        receiver_of(quick(webhook_url=f"http://{host}/", webhook_secret=SECRET))


@pytest.mark.parametrize(
    ("url", "secret", "sentence"),
    [
        ("https://hooks.example.com/", None, "but not ROUTA_WEBHOOK_SECRET"),
        ("https://hooks.example.com/", "changeme", "^ROUTA_WEBHOOK_SECRET cannot be used: its key has 8 bytes"),
        ("https://hooks.example.com/", "changeme" * 4, "^ROUTA_WEBHOOK_SECRET cannot be used: it can be guessed"),
        ("https://ann:canary@hooks.example.com/", SECRET, "has a user name or a password in it"),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start(url: str, secret: str | None, sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence) as error:
        receiver_of(quick(webhook_url=url, webhook_secret=secret))
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ROUTA_WEBHOOK_URL", "ftp://canary/"),
        ("ROUTA_WEBHOOK_URL", "canary"),
        ("ROUTA_WEBHOOK_EVENTS", "create,canary"),
    ],
)
def test_a_setting_that_is_none_is_one_sentence(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings, match=f"^{variable}: ") as error:
        config.load()
    assert "canary" not in str(error.value)


def settings(receiver: Receiver) -> Settings:
    return quick(webhook_url=receiver.url, webhook_secret=SECRET, webhook_allow_private=True)


async def test_a_server_that_is_set_up_wrongly_does_not_start() -> None:
    with pytest.raises(BadSettings):
        async with running(quick(webhook_url="https://hooks.example.com/")):
            pass  # pragma: no cover


async def test_a_server_tells_of_notes_over_rest() -> None:
    with receiving() as receiver:
        async with serving(settings(receiver)) as here, here.client() as client:
            answer = await client.post("/api/notes", json={"noteId": "n", "title": "n", "content": "x"})
            assert answer.status_code == 201
            await client.patch("/api/notes/default/n", json={"title": "N"})
            await client.delete("/api/notes/default/n")
            await client.post("/api/workspaces", json={"id": "w", "title": "w"})
            await client.delete("/api/workspaces/w")
        events = [(event["type"], event["workspaceId"], event["noteId"]) for event in receiver.events()]
    assert sorted(events) == [
        ("change", "default", "n"),
        ("create", "default", "n"),
        ("delete", "default", "n"),
        ("delete", "w", "spec"),
    ]


async def test_a_server_tells_of_those_who_come_type_and_go() -> None:
    with receiving() as receiver:
        async with serving(settings(receiver)) as here:
            async with here.connect("/ws/default/new") as client:
                await client.recv()
                await client.send(Update(Typist(1).type("x")).encode())
                await until(lambda: bool(receiver.events("change")))
            await until(lambda: bool(receiver.events("disconnect")))
        kinds = [event["type"] for event in receiver.events()]
    assert kinds == ["create", "connect", "change", "disconnect"]
    assert receiver.events("connect")[0]["by"] == [{"subject": "anybody"}]


async def test_a_receiver_that_is_away_delays_no_acknowledgement(caplog: pytest.LogCaptureFixture) -> None:
    with receiving([500] * 1000) as receiver:
        async with serving(settings(receiver)) as here, here.client() as client:
            for number in range(20):
                answer = await client.post("/api/notes", json={"noteId": f"n{number}", "title": "n", "content": "x"})
                assert answer.status_code == 201
        assert receiver.posted
    assert "Webhooks do not get through" in caplog.text
    assert "webhooks not handed over" in caplog.text


@pytest.mark.timeout(60)
def test_a_server_in_a_process_of_its_own_sends_what_is_left_when_it_stops() -> None:
    with receiving() as receiver:
        environment = {
            "ROUTA_AUTH": "off",
            "ROUTA_WEBHOOK_URL": receiver.url,
            "ROUTA_WEBHOOK_SECRET": SECRET,
            "ROUTA_WEBHOOK_ALLOW_PRIVATE": "true",
            "ROUTA_WEBHOOK_EVENTS": "change,create",
        }
        with ServerProcess(environment) as server:
            for content in ("one", "two", "three"):
                httpx.post(
                    f"{server.url}/api/notes", json={"noteId": "n", "title": "n", "content": content}
                ).raise_for_status()
            assert server.terminate() == 0
            assert SECRET not in server.stderr
        kinds = [event["type"] for event in receiver.events()]
    assert "create" in kinds
    assert kinds[-1] == "change"
    assert set(kinds) == {"create", "change"}
