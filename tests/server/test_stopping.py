import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from server.stopping import STOPPED, StopAnswers

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


async def cancelled(kind: str, *, begun: bool) -> list[Message]:
    """Cancel a request that waits; give what was sent for it."""
    sent: list[Message] = []

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        if begun:
            await send(START)
        await asyncio.Event().wait()

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    request = asyncio.ensure_future(StopAnswers(wait)({"type": kind}, receive, send))
    await asyncio.sleep(0)
    request.cancel()
    await request
    return sent


async def test_who_has_no_answer_yet_is_told() -> None:
    start, body = await cancelled("http", begun=False)
    assert start["status"] == 503
    assert STOPPED.encode() in body["body"]


async def test_an_answer_that_had_begun_breaks_off() -> None:
    assert await cancelled("http", begun=True) == [START]


async def test_other_connections_are_left_to_those_who_serve_them() -> None:
    with pytest.raises(asyncio.CancelledError):
        await cancelled("websocket", begun=False)
