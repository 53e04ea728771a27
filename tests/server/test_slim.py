import asyncio

import pytest

from server.slim import Gate, Mailbox


async def test_a_mailbox_gives_what_was_put_in_in_order() -> None:
    mailbox: Mailbox[int] = Mailbox()
    assert mailbox.empty()
    for number in range(3):
        mailbox.put_nowait(number)
    assert not mailbox.empty()
    assert [await mailbox.get() for _ in range(3)] == [0, 1, 2]


async def test_a_reader_waits_for_what_is_put_in() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for number in range(2):
        reader = asyncio.create_task(mailbox.get())
        await asyncio.sleep(0)
        assert not reader.done()
        mailbox.put_nowait(number)
        mailbox.put_nowait(number + 10)
        assert await reader == number
        assert await mailbox.get() == number + 10


async def test_a_reader_that_gives_up_takes_nothing() -> None:
    mailbox: Mailbox[int] = Mailbox()
    reader = asyncio.create_task(mailbox.get())
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    mailbox.put_nowait(1)
    assert await mailbox.get() == 1


async def test_a_gate_holds_up_who_comes_while_it_is_closed() -> None:
    gate = Gate()
    await gate.wait()
    gate.clear()
    waiting = [asyncio.create_task(gate.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    assert not waiting[1].done()
    gate.set()
    gate.set()
    await waiting[1]
    gate.clear()
    again = asyncio.create_task(gate.wait())
    await asyncio.sleep(0)
    gate.set()
    await again
