from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from crdt.messages import Update
from server.access import ANYBODY
from server.connection import Connection
from server.rates import Bucket, Meter, Rate, Rates
from tests.crdt.typist import Typist
from tests.server.conftest import close_of, quick, serving, until
from tests.server.test_websocket import PATHS, sync


class Clock:
    """A clock that is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_bucket_gives_its_burst_and_then_so_much_a_second(clock: Clock) -> None:
    bucket = Bucket(Rate(10, 100), clock)
    assert bucket.spend(100) == 0
    assert bucket.spend(5) == 0.5
    clock.now += 1
    assert bucket.spend(5) == 0
    assert bucket.spend(1) == pytest.approx(0.1)


def test_a_bucket_is_never_more_than_full(clock: Clock) -> None:
    bucket = Bucket(Rate(10, 100), clock)
    bucket.spend(100)
    clock.now += 1e6
    assert bucket.spend(100) == 0
    assert bucket.spend(101) > 0


def test_a_rate_of_nothing_is_none(clock: Clock) -> None:
    assert Bucket(Rate(0, 100), clock).spend(1 << 60) == 0


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates(Rate(10, 100), Rate(10, 150), clock)


def known(rates: Rates, user: str) -> Meter:
    meter = rates.meter()
    meter.known_as(user)
    return meter


def test_connections_of_a_user_share_and_others_do_not(rates: Rates) -> None:
    one, two, other, nobody = known(rates, "ann"), known(rates, "ann"), known(rates, "ben"), rates.meter()
    assert one.spend(90) == 0
    assert two.spend(90) == 3
    assert other.spend(90) == nobody.spend(90) == 0


def test_a_user_who_comes_back_at_once_starts_where_they_were(rates: Rates, clock: Clock) -> None:
    for _ in range(2):
        meter = known(rates, "ann")
        meter.known_as("ann")
        assert meter.spend(75) == 0
        meter.end()
    assert known(rates, "ann").spend(75) == 7.5
    clock.now += 1


def test_users_who_went_long_ago_are_forgotten(rates: Rates, clock: Clock) -> None:
    stays = known(rates, "stays")
    for number in range(100):
        known(rates, str(number)).end()
    assert len(rates) == 101
    clock.now += 15
    stays.known_as("changed")
    assert len(rates) == 2  # the one who was left a moment ago, and the one who is here
    clock.now += 15
    stays.end()
    stays.end()
    assert len(rates) == 1


@pytest.mark.parametrize("protocol", PATHS.values(), ids=list(PATHS))
async def test_who_sends_too_much_is_closed_and_what_came_before_is_kept(protocol: type) -> None:
    settings = quick(connection_bytes_per_second=1000, connection_burst_bytes=20_000)
    async with serving(settings, ws=protocol) as here, here.connect() as ann, here.connect() as mallory:
        await sync(ann)
        await sync(mallory)
        typist = Typist(1)
        await mallory.send(Update(typist.type("kept")).encode())
        with suppress(ConnectionClosed):
            for _ in range(2000):
                await mallory.send(Update(typist.type("x" * 5000)).encode())
        code, reason = await close_of(mallory)
        assert code == 4429
        assert reason is not None
        assert reason.startswith("Too many bytes in a short time: slow down; reconnect in ")
        room = here.service.hub.open_notes()[0].room
        assert "kept" in room.document.text()
        assert room.document.text().count("x") < 1_000_000
        await ann.send(Update(Typist(2).type("ann")).encode())
        await until(lambda: "ann" in room.document.text())


async def test_fragments_and_pings_count_too() -> None:
    settings = quick(connection_bytes_per_second=1, connection_burst_bytes=20_000)
    async with serving(settings) as here, here.connect() as pinging:
        with suppress(ConnectionClosed):
            for number in range(100_000):
                await pinging.ping(b"%0100d" % number)
        assert (await close_of(pinging))[0] == 4429


@pytest.mark.parametrize(("subject", "code"), [("ann", 4429), (ANYBODY.subject, None), (None, None)])
async def test_connections_of_one_user_are_counted_together_but_not_those_of_anybody(
    monkeypatch: pytest.MonkeyPatch, subject: str | None, code: int | None
) -> None:
    made = Connection.__init__

    def make(connection: Connection, *arguments: Any) -> None:
        made(connection, *arguments)
        connection.known_as(subject)

    monkeypatch.setattr(Connection, "__init__", make)
    async with serving(quick(user_bytes_per_second=1, user_burst_bytes=1024)) as here:
        async with here.connect("/hocuspocus") as one, here.connect("/hocuspocus") as two:
            for client in (one, two):
                with suppress(ConnectionClosed):
                    for number in range(8):
                        await client.ping(b"%0100d" % number)
                    await (await client.ping())
            if code is not None:
                assert (await close_of(two))[0] == code
            assert (one.close_code, two.close_code) == (None, code)
        await until(lambda: len(here.service.rates) == (subject == "ann"))
