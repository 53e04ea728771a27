"""Row 31: webhooks arrive once, in order, again when they have to be, and nowhere that is not public."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import httpcore2
import pytest

from server import delivery as delivery_module
from server.clock import utc_now
from server.delivery import ATTEMPTS, LONGEST_PAUSE, Delivery, Receiver
from server.signature import Signer, key_of
from tests.server.receiver import SECRET, receiving

BODY = b'{"type":"create"}'


@dataclass
class Nap:
    """Waits for nothing, and writes down for how long."""

    pauses: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)


def delivery(url: str, nap: Callable[..., object] | None = None, allow_private: bool = True) -> Delivery:
    return Delivery(Receiver(url, "the host", Signer(key_of(SECRET)), allow_private), utc_now, sleep=nap or Nap())  # type: ignore[arg-type]


async def test_a_message_arrives_signed() -> None:
    with receiving() as receiver:
        sender = delivery(receiver.url + "?key=canary")
        await sender.send("msg_1", BODY)
        await sender.close()
        [(path, headers, _)] = receiver.posted
        assert receiver.events() == [{"type": "create"}]
    assert path == "/hook?key=canary"
    assert {name: headers[name] for name in ("Host", "content-type", "webhook-id")} == {
        "Host": f"127.0.0.1:{receiver.port}",
        "content-type": "application/json",
        "webhook-id": "msg_1",
    }


@pytest.mark.parametrize("status", [302, 404, 429, 500])
async def test_what_is_not_taken_is_sent_again_under_its_id(status: int, caplog: pytest.LogCaptureFixture) -> None:
    nap = Nap()
    with receiving([status, status]) as receiver:
        sender = delivery(receiver.url, nap)
        await sender.send("msg_1", BODY)
        await sender.close()
        assert [path for path, _, _ in receiver.posted] == ["/hook"] * 3
        assert {headers["webhook-id"] for _, headers, _ in receiver.posted} == {"msg_1"}
        assert len(receiver.events()) == 3
    assert len(nap.pauses) == 2
    assert all(0 <= pause <= LONGEST_PAUSE for pause in nap.pauses)
    assert sender.given_up == 0
    first, last = caplog.messages
    assert first == f"Webhooks do not get through, and are tried again: the host answered {status}."
    assert last == "Webhooks get through to the host again."


async def test_each_attempt_is_signed_for_its_own_time() -> None:
    moments = iter([utc_now() - timedelta(seconds=60), utc_now()])
    with receiving([500]) as receiver:
        sender = Delivery(Receiver(receiver.url, "h", Signer(key_of(SECRET)), True), lambda: next(moments), sleep=Nap())
        await sender.send("msg_1", BODY)
        await sender.close()
        assert len(receiver.events()) == 2
        first, second = (int(headers["webhook-timestamp"]) for _, headers, _ in receiver.posted)
    assert second - first >= 59


async def test_a_message_is_given_up_after_many_attempts(caplog: pytest.LogCaptureFixture) -> None:
    with receiving([500] * (ATTEMPTS + 1)) as receiver:
        sender = delivery(receiver.url)
        await sender.send("msg_1", BODY)
        await sender.close()
        assert len(receiver.posted) == ATTEMPTS
    assert sender.given_up == 1
    assert caplog.messages[-1] == f"The webhook msg_1 was given up after {ATTEMPTS} attempts: the host answered 500."
    assert len(caplog.messages) == 2


async def test_a_receiver_that_is_away_is_a_sentence_without_the_url(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        sender = delivery(f"http://127.0.0.1:{taken.getsockname()[1]}/canary")
        await sender.send("msg_1", BODY)
        await sender.close()
    assert "the host cannot be reached" in caplog.text
    assert "canary" not in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_this_machine_is_not_reached_unless_that_is_allowed(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as receiver:
        sender = delivery(f"http://{host}:{receiver.port}/hook", allow_private=False)
        await sender.send("msg_1", BODY)
        await sender.close()
        assert receiver.posted == []
    assert "which is not public" in caplog.text


async def test_a_receiver_that_does_not_answer_is_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(delivery_module, "ATTEMPT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sender = delivery(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        await sender.send("msg_1", BODY)
        await sender.close()
    assert "does not answer in time" in caplog.text


async def test_an_answer_without_end_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    ended = asyncio.Event()

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"400\r\n" + bytes(0x400) + b"\r\n")
                await writer.drain()
        except OSError:
            ended.set()
        writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    async with server:
        sender = delivery(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await sender.send("msg_1", BODY)
        async with asyncio.timeout(30):
            await ended.wait()
        await sender.close()
    assert caplog.messages == []


def test_the_errors_of_the_library_are_those_that_are_caught() -> None:
    caught = (
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.TimeoutException,
        httpcore2.UnsupportedProtocol,
    )
    for error in (httpcore2.ConnectError, httpcore2.ReadTimeout, httpcore2.RemoteProtocolError, httpcore2.WriteError):
        assert issubclass(error, caught)
