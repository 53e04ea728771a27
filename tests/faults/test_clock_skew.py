"""Row 27: clocks that differ by up to a minute let tokens in; a clock that jumps changes nothing for who is here."""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from websockets.exceptions import InvalidStatus

from crdt.messages import AwarenessUpdate, Update
from server.access import Access, Grant
from server.clock import utc_now
from tests.crdt.test_presence import ANN, awareness
from tests.crdt.typist import Typist
from tests.faults.raw import guarded, hocuspocus, made, y_websocket
from tests.server.conftest import Here, serving

GRANT = Grant("w", Access.WRITE)


class Skewed:
    """A clock that is wrong by some seconds."""

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds

    def __call__(self) -> datetime:
        return utc_now() + timedelta(seconds=self.seconds)


@contextlib.asynccontextmanager
async def server(clock: Skewed) -> AsyncIterator[Here]:
    async with serving(guarded(auth_leeway_seconds=60), clock) as here:
        yield here


@pytest.mark.parametrize(("wrong", "left"), [(0, 60), (-55, 3600), (-3600, 3600), (55, 30), (3500, 3600)])
async def test_a_clock_that_is_not_too_wrong_takes_the_tokens_of_others(wrong: float, left: float) -> None:
    async with server(Skewed(wrong)) as here, y_websocket(here, "n", made(GRANT, seconds=left).token) as ann:
        here.service.watch.look()
        await ann.heard()
        assert ann.socket.close_code is None


@pytest.mark.parametrize(("wrong", "left"), [(75, 3), (3700, 3600)])
async def test_a_token_that_is_over_by_more_than_a_minute_is_refused(wrong: float, left: float) -> None:
    async with server(Skewed(wrong)) as here:
        with pytest.raises(InvalidStatus, match="401"):
            async with y_websocket(here, "n", made(GRANT, seconds=left).token):
                pass


@pytest.mark.parametrize("jump", [86_400.0, -86_400.0])
async def test_a_clock_that_jumps_a_day_changes_nothing_for_who_is_here(jump: float) -> None:
    clock = Skewed()
    here_i_am = AwarenessUpdate(awareness((1, 1, ANN))).encode()
    shown = made(GRANT).token
    async with server(clock) as here, y_websocket(here, "n", shown) as ann, hocuspocus(here, "n", shown) as ben:
        await ann.say(here_i_am)
        await ben.heard()
        clock.seconds = jump
        here.service.hub.tick()
        here.service.watch.look()
        update = Update(Typist(1).type("after")).encode()
        await ann.say(update)
        assert update in await ann.heard()
        assert await ben.heard() == [update]
        await ben.say(b"\x03")
        assert await ben.heard() == [here_i_am]
        assert (ann.socket.close_code, ben.socket.close_code) == (None, None)
