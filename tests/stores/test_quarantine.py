from datetime import UTC, datetime

import pytest

from stores.engine import Database
from stores.errors import NotFound
from stores.quarantine import MOST_KEPT, Found, Kind, Quarantine, digest_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UPDATE = Found("w", "a", Kind.UPDATE, b"deadly", "It ended the server.\0", [(2**53, 0, 3)], "address 127.0.0.1")


@pytest.fixture
def quarantine(database: Database) -> Quarantine:
    return Quarantine(database)


async def test_what_is_put_away_is_listed_once(quarantine: Quarantine) -> None:
    assert await quarantine.list() == []
    await quarantine.add([UPDATE, Found("w", "a", Kind.NOTE, b"", "Damaged.")], NOW)
    await quarantine.add([UPDATE], NOW)
    update, note = await quarantine.list()
    assert update[1:] == (
        "w",
        "a",
        "update",
        digest_of(b"deadly"),
        6,
        [[2**53, 0, 3]],
        "address 127.0.0.1",
        "It ended the server.\ufffd",
        NOW,
    )
    assert (note.kind, note.ids, note.sender, note.size) == ("note", [], "", 0)
    assert await quarantine.payload(update.id) == b"deadly"


async def test_of_a_large_update_the_beginning_is_kept_and_of_what_was_dropped_everything(
    quarantine: Quarantine,
) -> None:
    large = bytes(MOST_KEPT + 1)
    await quarantine.add([Found("w", "a", kind, large, "") for kind in (Kind.UPDATE, Kind.DROPPED)], NOW)
    update, dropped = await quarantine.list()
    assert (update.size, update.digest) == (dropped.size, dropped.digest) == (len(large), digest_of(large))
    assert len(await quarantine.payload(update.id)) == MOST_KEPT
    assert await quarantine.payload(dropped.id) == large


async def test_what_is_released_is_gone(quarantine: Quarantine) -> None:
    await quarantine.add([UPDATE], NOW)
    (entry,) = await quarantine.list()
    assert await quarantine.release(entry.id) == entry
    assert await quarantine.list() == []
    for attempt in (quarantine.release, quarantine.payload):
        with pytest.raises(NotFound, match=f"nothing under {entry.id}"):
            await attempt(entry.id)


async def test_a_note_is_let_in_again_and_its_updates_are_not(quarantine: Quarantine) -> None:
    await quarantine.add([UPDATE, *(Found("w", note, Kind.NOTE, b"", "Damaged.") for note in "ab")], NOW)
    await quarantine.admit("w", "a")
    assert [(entry.kind, entry.note_id) for entry in await quarantine.list()] == [("update", "a"), ("note", "b")]
