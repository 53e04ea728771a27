from datetime import UTC, datetime

from sqlalchemy import text

from stores.drift import drift
from stores.engine import Database
from stores.records.background_tasks import BackgroundTasks
from stores.records.queue import Queue
from stores.records.workspaces import Workspaces
from stores.schema import downgrade, upgrade

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def test_it_can_be_undone_and_done_again_and_the_tasks_stay(database: Database) -> None:
    await Workspaces(database).ensure("w", NOW)
    row = {"id": "t", "title": "t", "prompt": "p", "agent_id": "a", "workspace_id": "w", "triggered_by": "user"}
    await BackgroundTasks(database).create(row, NOW)
    await Queue(database).claim("ann", 60, NOW)
    before = await BackgroundTasks(database).read("t")
    await downgrade(database, "0002")
    async with database.read() as connection:
        columns = (await connection.execute(text("SELECT * FROM background_tasks"))).keys()
        assert {"worker_id", "lease_seconds", "lease_expires_at"} & set(columns) == set()
    await upgrade(database)
    assert await drift(database) == []
    assert await BackgroundTasks(database).read("t") == before
