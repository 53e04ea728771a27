from stores.drift import drift
from stores.engine import Database
from stores.records.revoked_tokens import RevokedTokens
from stores.schema import downgrade, upgrade
from tests.stores.records.test_revoked_tokens import NOW


async def test_it_can_be_undone_and_done_again(database: Database) -> None:
    await RevokedTokens(database).revoke("a", NOW)
    await downgrade(database, "0004")
    await upgrade(database)
    assert await drift(database) == []
    assert await RevokedTokens(database).all(NOW) == {}
