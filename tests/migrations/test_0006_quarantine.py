from datetime import UTC, datetime

from stores.drift import drift
from stores.engine import Database
from stores.quarantine import Found, Kind, Quarantine
from stores.schema import downgrade, upgrade

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_it_can_be_undone_and_done_again(database: Database) -> None:
    await Quarantine(database).add([Found("w", "a", Kind.NOTE, b"", "Damaged.")], NOW)
    await downgrade(database, "0005")
    await upgrade(database)
    assert await drift(database) == []
    assert await Quarantine(database).list() == []
