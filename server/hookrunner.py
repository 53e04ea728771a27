"""Asks the hooks of the application, and guards the server against them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from server.access import Identity
from server.hooks import Change, Connection, Hooks, Refused, Request, Stateless
from server.outbox import Outbox
from stores.notelog import NoteKey

logger = logging.getLogger("routa")

T = TypeVar("T")
Answer = TypeVar("Answer")
MOST_CHANGES = 10_000
"""How many changes may wait for the hooks."""
MOST_BYTES = 64 * 1024 * 1024
"""How large they may be together."""
FAILURE = "The application cannot say whether you may: try again later."


class Verdict(NamedTuple):
    """What becomes of a stateless message."""

    pass_on: bool
    """Whether the other clients get it."""
    replies: tuple[str, ...]
    """What its sender gets."""


class HookRunner:
    """All hooks, in order. Where none overrides a method, the call costs nothing."""

    def __init__(self, hooks: Sequence[Hooks] = (), seconds: float = 5.0) -> None:
        """Take the hooks.

        Args:
            hooks: in the order in which they are asked.
            seconds: how long each may take for an answer that somebody waits for.
        """
        self._seconds = seconds
        self._connect = _overriding(hooks, "on_connect")
        self._authorize = _overriding(hooks, "on_authorize")
        self._change = _overriding(hooks, "on_change")
        self._stateless = _overriding(hooks, "on_stateless")
        self._changes: Outbox[Change] = Outbox("changes for hooks", self._tell, MOST_CHANGES, MOST_BYTES)

    @property
    def authorize_anybody(self) -> bool:
        """Whether anybody is asked who may do what."""
        return bool(self._authorize)

    @property
    def wants_stateless(self) -> bool:
        """Whether anybody wants to see stateless messages."""
        return bool(self._stateless)

    async def connecting(self, connection: Connection) -> None:
        """Ask whether somebody may come.

        Raises:
            Refused: with the sentence for them.
        """
        for hook in self._connect:
            await self._ask(hook.on_connect, connection)

    async def authorize(self, request: Request) -> Identity | None:
        """Ask who somebody is: what the last hook with an opinion said, else ``request.identity``.

        Raises:
            Refused: with the sentence for them.
        """
        for hook in self._authorize:
            identity = await self._ask(hook.on_authorize, request)
            if identity is not None:
                request = replace(request, identity=identity)
        return request.identity

    async def stateless(self, message: Stateless) -> Verdict:
        """Ask what becomes of a stateless message.

        Raises:
            Refused: with the sentence for its sender.
        """
        replies: list[str] = []
        for hook in self._stateless:
            answer = await self._ask(hook.on_stateless, message)
            if answer is False:
                return Verdict(False, tuple(replies))
            if answer is not None:
                replies.append(answer)
        return Verdict(True, tuple(replies))

    async def _ask(self, method: Callable[[T], Awaitable[Answer]], about: T) -> Answer:
        try:
            async with asyncio.timeout(self._seconds):
                return await method(about)
        except Refused:
            raise
        except Exception:
            logger.exception("A hook failed, and its client is refused: %s", getattr(method, "__qualname__", method))
            raise Refused(FAILURE) from None

    def changed(self, change: Callable[[], Change]) -> None:
        """Say that something was committed; returns at once.

        Args:
            change: makes what the hooks are told; called only where one wants to know.
        """
        if self._change:
            made = change()
            self._changes.add(NoteKey(made.workspace, made.note), made, len(made.update))

    async def _tell(self, change: Change) -> None:
        for hook in self._change:
            try:
                await hook.on_change(change)
            except Exception:
                logger.exception("A hook failed on a change of %s/%s", change.workspace, change.note)

    async def close(self, seconds: float) -> None:
        """Give the hooks so many seconds for the changes they have not been told of."""
        await self._changes.close(seconds)


def _overriding(hooks: Sequence[Hooks], name: str) -> tuple[Hooks, ...]:
    """Give the hooks that have a method of their own."""
    return tuple(hook for hook in hooks if getattr(type(hook), name) is not getattr(Hooks, name))
