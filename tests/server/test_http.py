from collections.abc import AsyncIterator

import pytest

from tests.server.conftest import Here, quick, serving, until
from tests.server.raw import Raw, raw

GET = b"GET /api/health HTTP/1.1\r\nHost: x\r\n"
UPGRADE = b"GET /ws/default/spec HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
POST = b"POST /api/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"


@pytest.fixture
async def hasty() -> AsyncIterator[Here]:
    async with serving(quick(header_seconds=0.2, body_seconds=0.2, stall_seconds=0.2)) as started:
        yield started


async def ended(client: Raw, status: int, sentence: str) -> None:
    """The server answers, and ends the connection."""
    answered, body = await client.answer()
    assert (answered, sentence in body.decode()) == (status, True), body
    assert await client.rest() == b""


@pytest.mark.parametrize("beginning", [b"G", GET, GET + b"X: y", UPGRADE, b"\r\n\r\n"])
async def test_a_head_that_does_not_end_in_time_is_refused(hasty: Here, beginning: bytes) -> None:
    async with raw(hasty.port) as client:
        client.send(beginning)
        await ended(client, 408, "head of the request did not come")
    await until(lambda: not hasty.server.server_state.connections)


async def test_who_says_nothing_is_closed_without_a_word(hasty: Here) -> None:
    async with raw(hasty.port) as client:
        assert await client.rest() == b""


async def test_each_further_request_has_its_own_deadline(hasty: Here) -> None:
    async with raw(hasty.port) as client:
        for _ in range(3):
            client.send(GET + b"\r\n")
            assert (await client.answer())[0] == 200
        client.send(b"GET")
        await ended(client, 408, "head of the request did not come")


async def test_blank_lines_keep_no_connection_open(hasty: Here) -> None:
    async with raw(hasty.port) as client:
        client.send(GET + b"\r\n")
        assert (await client.answer())[0] == 200
        client.send(b"\r\n")
        await ended(client, 408, "head of the request did not come")


async def test_a_body_that_does_not_end_in_time_is_refused(hasty: Here) -> None:
    async with raw(hasty.port) as client:
        client.send(POST + b'{"title": ')
        await ended(client, 408, "body of the request did not come")
    async with hasty.client() as friend:
        assert (await friend.get("/api/notes")).status_code == 200


async def test_a_body_that_nobody_waits_for_any_more_ends_its_connection(hasty: Here) -> None:
    async with raw(hasty.port) as client:
        client.send(POST.replace(b": 100", b": 99999999") + b"{")
        assert (await client.answer())[0] == 413
        assert await client.rest() == b""


async def test_a_second_request_that_drips_behind_one_that_is_answered_ends_both(hasty: Here) -> None:
    async with raw(hasty.port) as client:
        client.send(b"GET /api/notes/events?workspaceId=default HTTP/1.1\r\nHost: x\r\n\r\nGET")
        stream = await client.rest()
        assert stream.startswith(b"HTTP/1.1 200")
        assert b"408" not in stream


async def test_an_answer_may_take_longer_than_a_request(hasty: Here) -> None:
    async with raw(hasty.port) as stream, raw(hasty.port) as slow:
        stream.send(b"GET /api/notes/events?workspaceId=default HTTP/1.1\r\nHost: x\r\n\r\n")
        await stream.reader.readuntil(b"\n\n")
        slow.send(GET)
        await ended(slow, 408, "head")  # by now the stream is older than any deadline
        async with hasty.client() as friend:
            assert (await friend.post("/api/notes", json={"title": "Here"})).status_code == 201
        assert b"Here" in await stream.reader.readuntil(b"Here")


@pytest.mark.parametrize(
    ("request_", "status", "sentence"),
    [
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 414, "address is longer than 8,000"),
        (GET + b"X: " + b"y" * 9000 + b"\r\n\r\n", 431, "header of the request is longer"),
        (UPGRADE + b"X: " + b"y" * 9000 + b"\r\n\r\n", 431, "header of the request is longer"),
        (GET + b"X: y\r\n" * 101, 431, "more than 100 headers"),
        (GET + b"X: " + b"y" * 70_000, 431, "larger than 65,536"),
        (GET + (b"X: " + b"y" * 7000 + b"\r\n") * 10, 431, "larger than 65,536"),
        (b"NONSENSE\r\n\r\n", 400, "not a valid HTTP request"),
    ],
)
async def test_a_head_that_is_too_large_or_none_is_refused(
    here: Here, request_: bytes, status: int, sentence: str
) -> None:
    async with raw(here.port) as client:
        client.send(request_)
        await ended(client, status, sentence)


async def test_a_large_head_that_comes_in_pieces_is_refused(here: Here) -> None:
    async with raw(here.port) as client:
        client.send(GET + b"X: ")
        for _ in range(5):
            client.send(b"y" * 20_000)
            await client.writer.drain()
        await ended(client, 431, "")


async def test_requests_that_come_at_once_are_not_taken_for_one_large_head(here: Here) -> None:
    body = b'{"title": "' + b"x" * 100 + b'", "content": "' + b"y" * 90_000 + b'"}'
    post = POST.replace(b": 100", b": " + str(len(body)).encode()) + body
    async with raw(here.port) as client:
        client.send(post + GET)
        assert (await client.answer())[0] == 201
        client.send(b"\r\n")
        assert (await client.answer())[0] == 200


async def test_who_comes_when_the_server_is_full_is_told_so() -> None:
    async with serving(quick(max_connections=1)) as here:
        async with here.connect(), raw(here.port) as second:
            await ended(second, 503, "as many connections as it can take")
        await until(lambda: not here.server.server_state.connections)
        async with here.client() as client:
            assert (await client.get("/api/health")).status_code == 200


async def test_a_client_that_reads_nothing_of_its_answers_is_cut(hasty: Here) -> None:
    async with raw(hasty.port, limit=1024) as client:
        client.send(b"GET /api/docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        await until(lambda: bool(hasty.server.server_state.connections))
        await until(lambda: not hasty.server.server_state.connections)


async def test_a_websocket_has_no_deadline(hasty: Here) -> None:
    async with hasty.connect() as ann, raw(hasty.port) as slow:
        slow.send(GET)
        await ended(slow, 408, "head")  # by now the WebSocket is older than any deadline
        await (await ann.ping())
        assert ann.close_code is None
