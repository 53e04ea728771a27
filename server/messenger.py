"""A client's stateless messages on their way past the hooks: in order, and never too many at once."""

import asyncio
from collections import deque
from collections.abc import Callable

from crdt.encoding import read_string, write_string
from crdt.envelope import stateless
from crdt.errors import TooMuchWaiting
from server.access import Identity
from server.hookrunner import HookRunner
from server.hooks import Refused, Stateless
from stores.notelog import NoteKey


class Messenger:
    """Asks the hooks about one message after the other; without a hook that wants them, they go on at once."""

    def __init__(
        self,
        hooks: HookRunner,
        pass_on: Callable[[bytes], None],
        reply: Callable[[bytes], None],
        refuse: Callable[[str], None],
        max_waiting: int,
    ) -> None:
        """Take what is done.

        Args:
            hooks: who is asked.
            pass_on: sends a payload to the others.
            reply: sends a message to the sender.
            refuse: turns the sender away with a sentence.
            max_waiting: how many bytes may wait for the hooks.
        """
        self._hooks = hooks
        self._pass_on = pass_on
        self._reply = reply
        self._refuse = refuse
        self._max_waiting = max_waiting
        self._bytes = 0
        self._waiting: deque[tuple[bytes, Stateless]] = deque()
        self._task: asyncio.Task[None] | None = None

    def take(self, payload: bytes, key: NoteKey, identity: Identity) -> None:
        """Take a message.

        Args:
            payload: what it says, as a string of the protocol.
            key: the note that it was sent for.
            identity: who sent it.

        Raises:
            MalformedMessage: the payload is not a string.
            TooMuchWaiting: the hooks do not keep up.
        """
        if not self._hooks.wants_stateless:
            self._pass_on(payload)
            return
        stateless(payload)
        if self._bytes + len(payload) > self._max_waiting:
            raise TooMuchWaiting
        self._bytes += len(payload)
        self._waiting.append((payload, Stateless(*key, identity, read_string(payload, 0)[0])))
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting:
                payload, message = self._waiting.popleft()
                self._bytes -= len(payload)
                verdict = await self._hooks.stateless(message)
                for text in verdict.replies:
                    self._reply(stateless(write_string(text)))
                if verdict.pass_on:
                    self._pass_on(payload)
        except Refused as error:
            self._forget()
            self._refuse(str(error))
        finally:
            self._task = None

    def close(self) -> None:
        """Forget what waits: the client has left."""
        self._forget()
        if self._task is not None:
            self._task.cancel()

    def _forget(self) -> None:
        self._waiting.clear()
        self._bytes = 0
