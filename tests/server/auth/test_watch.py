import asyncio

import pytest

from server.auth import watch as module
from server.auth.watch import Watch
from tests.server.conftest import until


class Guest:
    def __init__(self, error: Exception | None = None) -> None:
        self.looks = 0
        self.error = error

    def recheck(self) -> None:
        self.looks += 1
        if self.error is not None:
            raise self.error


async def test_everybody_is_looked_at_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.001)
    watch, guest = Watch(), Guest()
    watch.add(guest)
    task = asyncio.create_task(watch.run())
    await until(lambda: guest.looks > 2)
    task.cancel()
    watch.remove(guest)
    watch.remove(guest)
    seen = guest.looks
    watch.look()
    assert guest.looks == seen


def test_a_defect_with_one_concerns_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    watch, bad, good = Watch(), Guest(ValueError("oops")), Guest()
    watch.add(bad)
    watch.add(good)
    watch.look()
    assert good.looks == 1
    assert "A defect while somebody's access was looked at" in caplog.text
