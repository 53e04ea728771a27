import asyncio
import time

import pytest

from stores.patience import GRACE, Patience


async def test_a_block_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError):
        async with Patience(0.001).limit():
            await asyncio.Event().wait()


@pytest.mark.parametrize("patience", [Patience(), Patience(60)])
async def test_a_block_without_a_limit_or_within_it_is_not(patience: Patience) -> None:
    async with patience.limit(lifted=True):
        await asyncio.sleep(0)
    async with patience.limit():
        await asyncio.sleep(0)


def test_who_has_a_limit_undoes_within_one() -> None:
    assert Patience().grace is None
    assert Patience(1).grace == GRACE


def test_what_was_made_before_a_silence_is_not_trusted() -> None:
    patience = Patience(1)
    made = time.monotonic()
    assert patience.trusts(made)
    patience.suspect()
    assert not patience.trusts(made)
    assert patience.trusts(time.monotonic() + 1)
