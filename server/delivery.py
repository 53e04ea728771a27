"""Sends a signed message to the receiver of the webhooks, again and again until it is taken."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from httpcore2 import (
    AnyIOBackend,
    AsyncConnectionPool,
    AsyncNetworkBackend,
    NetworkError,
    ProtocolError,
    TimeoutException,
    UnsupportedProtocol,
)
from tenacity import AsyncRetrying, RetryError, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from server.clock import Clock
from server.outbox import AT_ONCE
from server.publicnet import PublicBackend
from server.signature import Signer
from server.version import VERSION

logger = logging.getLogger("routa")

ATTEMPTS = 8
"""How often a message is sent before it is given up."""
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds: between two attempts there is a random pause, the longest possible one doubling from the first."""
ATTEMPT_SECONDS = 15.0
"""How long an attempt may take, from looking up the name to the end of the answer."""
CONNECT_SECONDS = 5.0
"""How long it may take to connect to one of the receiver's addresses."""
ANSWER_BYTES = 16 * 1024
"""How much of an answer is read: only its status matters."""


class NotTaken(Exception):
    """The receiver did not take a message; says why, without the URL, which may hold a secret."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where webhooks go."""

    url: str
    host: str
    """Its host, for the log."""
    signer: Signer
    allow_private: bool = False


class Delivery:
    """Sends messages to one receiver."""

    def __init__(
        self,
        receiver: Receiver,
        clock: Clock,
        network: AsyncNetworkBackend | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Make a delivery.

        Args:
            receiver: who gets the messages.
            clock: the time of day.
            network: connects; unless given, to public addresses alone if the receiver does not say otherwise.
            sleep: waits between two attempts.
        """
        self.given_up = 0
        """How many messages were sent in vain."""
        self._receiver = receiver
        self._clock = clock
        self._sleep = sleep
        self._failing = False
        if network is None:
            network = AnyIOBackend() if receiver.allow_private else PublicBackend()
        self._pool = AsyncConnectionPool(
            max_connections=AT_ONCE, max_keepalive_connections=1, keepalive_expiry=5, network_backend=network
        )

    async def send(self, message_id: str, body: bytes) -> None:
        """Send a message until the receiver takes it, or it is given up, which is logged."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(NotTaken),
            wait=wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
            stop=stop_after_attempt(ATTEMPTS),
            sleep=self._sleep,
        )
        try:
            await attempts(self._attempt, message_id, body)
        except RetryError as error:
            self.given_up += 1
            why = error.last_attempt.exception()
            logger.error("The webhook %s was given up after %d attempts: %s", message_id, ATTEMPTS, why)

    async def _attempt(self, message_id: str, body: bytes) -> None:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                status = await self._post(message_id, body)
        except (TimeoutError, TimeoutException):
            raise self._failed("does not answer in time") from None
        except (NetworkError, ProtocolError, UnsupportedProtocol, OSError) as error:
            raise self._failed(f"cannot be reached ({str(error) or type(error).__name__})") from None
        if not 200 <= status < 300:
            raise self._failed(f"answered {status}")
        if self._failing:
            logger.warning("Webhooks get through to %s again.", self._receiver.host)
        self._failing = False

    def _failed(self, what: str) -> NotTaken:
        sentence = f"{self._receiver.host} {what}."
        if not self._failing:
            logger.warning("Webhooks do not get through, and are tried again: %s", sentence)
        self._failing = True
        return NotTaken(sentence)

    async def _post(self, message_id: str, body: bytes) -> int:
        """Send it once and give the status. A redirection is not followed: it is an answer like any other."""
        signed = self._receiver.signer.headers(message_id, self._clock(), body)
        headers = [("content-type", "application/json"), ("user-agent", f"routa-notes/{VERSION}"), *signed.items()]
        limits = {"timeout": {"connect": CONNECT_SECONDS}}
        async with self._pool.stream(
            "POST", self._receiver.url, headers=headers, content=body, extensions=limits
        ) as response:
            read = 0
            async for chunk in response.aiter_stream():
                read += len(chunk)
                if read > ANSWER_BYTES:
                    break
            return int(response.status)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()
