import asyncio

import pytest

from server import ward as ward_module
from server.culprit import Incident, mark_of
from server.flightrecorder import Doing, Record
from server.hosted import HubLimits, NoteQuarantined
from server.ward import Ward
from stores.engine import Database
from stores.notelog import LogRow, NoteKey, StoredNote
from stores.quarantine import Quarantine
from tests.crdt.typist import Typist
from tests.server.conftest import until

KEY = NoteKey("default", "a")
LIMITS = HubLimits(1000, 1000, 1000, 1)
FINE = StoredNote(None, (LogRow(1, Typist(1).type("fine")),))
DAMAGED = StoredNote(None, (LogRow(1, b"\x07garbage"),))


async def test_a_damaged_note_is_closed_and_said_so_once(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    ward = Ward(Quarantine(database))
    await ward.check(KEY)
    with pytest.raises(NoteQuarantined, match="damaged"):
        await ward.host(KEY, DAMAGED, LIMITS)
    for _ in range(3):
        with pytest.raises(NoteQuarantined):
            await ward.check(KEY)
    assert len(caplog.records) == 1
    assert ward.recorder.everything() == []
    assert (await ward.host(NoteKey("default", "b"), FINE, LIMITS)).room.document.text() == "fine"


async def test_another_server_knows_it_and_takes_it_when_it_was_repaired(database: Database) -> None:
    quarantine = Quarantine(database)
    with pytest.raises(NoteQuarantined):
        await Ward(quarantine).host(KEY, DAMAGED, LIMITS)
    ward = Ward(quarantine)
    await ward.refresh()
    with pytest.raises(NoteQuarantined):
        await ward.check(KEY)
    await quarantine.admit(*KEY)
    await ward.check(KEY)
    assert ward.closed == set()


async def test_without_a_store_it_is_remembered_here(database: Database) -> None:
    alone, broken = Ward(), Ward(Quarantine(database))
    await database.close()
    for ward in (alone, broken):
        with pytest.raises(NoteQuarantined):
            await ward.host(KEY, DAMAGED, LIMITS)
        with pytest.raises(NoteQuarantined):
            await ward.check(KEY)
    await alone.forget(KEY)
    await alone.check(KEY)


async def test_a_note_that_was_deleted_is_forgotten(database: Database) -> None:
    quarantine = Quarantine(database)
    ward = Ward(quarantine)
    await ward.forget(KEY)
    with pytest.raises(NoteQuarantined):
        await ward.host(KEY, DAMAGED, LIMITS)
    await ward.forget(KEY)
    assert await quarantine.list() == []


async def test_what_others_change_is_seen_in_a_while(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ward_module, "PAUSE", 0.001)
    ward, other = Ward(Quarantine(database)), Ward(Quarantine(database))
    looking = asyncio.create_task(ward.run())
    record = Record(Doing.LOAD, mark_of(KEY), b"", 1)
    await other.put_away([Incident(record, "was ended by SIGSEGV")])
    await until(lambda: ward.closed == {KEY})
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_nothing_to_put_away_is_no_trouble(database: Database) -> None:
    await Ward(Quarantine(database)).put_away([])
    await Ward().put_away([Incident(Record(Doing.LOAD, mark_of(KEY), b"", 1), "was killed")])
    assert await Quarantine(database).list() == []


@pytest.mark.parametrize("row", ["020103000100030300010201000000"])
async def test_a_note_that_can_be_loaded_but_not_written_is_closed(database: Database, row: str) -> None:
    stored = StoredNote(None, (LogRow(1, bytes.fromhex(row)),))
    with pytest.raises(NoteQuarantined):
        await Ward(Quarantine(database)).host(KEY, stored, LIMITS)
