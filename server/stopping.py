"""What a request is told that a stopping server waits for no longer."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.api.answers import answer

STOPPED = (
    "The server is stopping and the store did not answer in time: what was asked for may have been done or not; "
    "look before you repeat it."
)


class StopAnswers:
    """Answers 503 to a request that is cancelled; uvicorn cancels those that outlast its grace when it stops."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; an answer that had begun breaks off."""
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting if scope["type"] == "http" else send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            if not begun:
                await answer({"error": STOPPED}, 503)(scope, receive, send)
