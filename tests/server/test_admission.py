import resource

import pytest
from websockets.exceptions import InvalidStatus

from server.admission import Tally, connections_that_fit, origin_of
from tests.server.conftest import quick, serving, until
from tests.server.raw import raw


def test_a_tally_counts_each_by_itself_and_forgets() -> None:
    tally = Tally(2)
    assert [tally.enter("a"), tally.enter("a"), tally.enter("a"), tally.enter("b")] == [True, True, False, True]
    tally.leave("a")
    assert tally.enter("a")
    for key in "aab":
        tally.leave(key)
    assert len(tally) == 0


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_counts_as_one(host: str, origin: str) -> None:
    assert origin_of(host) == origin


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "fit"),
    [
        (1024, 4096, 4096, 3686),
        (1024, resource.RLIM_INFINITY, 65536, 58982),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, None, 58982),
        (256, 256, None, 192),
        (10, 10, None, 1),
    ],
)
def test_the_limit_on_open_files_is_raised_and_leaves_room(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int | None, fit: int
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: calls.append(limits[0]))
    assert connections_that_fit() == fit
    assert calls == ([] if raised is None else [raised])


def test_a_system_that_does_not_raise_it_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError

    monkeypatch.setattr(resource, "getrlimit", lambda _: (1000, 2000))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert connections_that_fit() == 900


@pytest.mark.parametrize("path", ["/ws/default/spec", "/hocuspocus"])
async def test_one_address_has_only_so_many(path: str) -> None:
    async with serving(quick(max_address_connections=2)) as here:
        async with here.connect(path), here.connect(path):
            with pytest.raises(InvalidStatus) as refused:
                await here.connect(path)
            assert refused.value.response.status_code == 429
            assert b"too many connections from this address" in (refused.value.response.body or b"")
            async with here.client() as client:
                assert (await client.get("/api/health")).status_code == 429
            async with here.connect(path, additional_headers={"X-Forwarded-For": "10.0.0.9"}):
                pass
        await until(lambda: len(here.service.admission.requests) == 0)
        async with here.connect(path):
            pass


async def test_who_is_no_trusted_proxy_is_not_believed() -> None:
    async with serving(quick(max_address_connections=1, trusted_proxies=("10.0.0.1",))) as here, here.connect():
        with pytest.raises(InvalidStatus) as refused:
            await here.connect(additional_headers={"X-Forwarded-For": "10.0.0.9"})
        assert refused.value.response.status_code == 429


async def test_connections_that_say_nothing_yet_count_too() -> None:
    async with serving(quick(max_address_connections=1, trusted_proxies=("10.0.0.1",))) as here:
        async with raw(here.port):
            await until(lambda: len(here.service.admission.sockets) == 1)
            async with raw(here.port) as second:
                status, body = await second.answer()
                assert (status, b"from this address" in body) == (429, True)
        await until(lambda: len(here.service.admission.sockets) == 0)
        async with here.connect():
            assert len(here.service.admission.sockets) == 0


async def test_a_note_has_only_so_many_clients_and_others_are_unaffected() -> None:
    async with serving(quick(max_note_connections=1)) as here, here.connect():
        with pytest.raises(InvalidStatus) as refused:
            await here.connect()
        assert refused.value.response.status_code == 429
        assert b"as many as it may have" in (refused.value.response.body or b"")
        async with here.connect("/hocuspocus") as both, here.client() as client:
            await both.send(b"\x0cdefault/spec\x02\x00\x00")
            answer = await both.recv(decode=False)
            assert answer.startswith(b"\x0cdefault/spec\x02\x01")
            assert b"as many as it may have" in answer
            await both.send(b"\x0ddefault/other\x02\x00\x00")
            assert (await both.recv(decode=False)).startswith(b"\x0ddefault/other\x02\x02")
            assert (await client.get("/api/notes/default/spec")).status_code == 200
        assert here.service.hub.open_notes()[0].users == 1
