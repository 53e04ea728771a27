from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select, update

from stores.engine import Database
from stores.errors import StoreError
from stores.tables import agents, conversations, workspaces

NOON = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=UTC)


async def keep(database: Database, moment: datetime) -> datetime:
    async with database.write() as connection:
        row = {"id": "w", "title": "w", "created_at": moment, "updated_at": NOON}
        await connection.execute(insert(workspaces).values(row))
    async with database.read() as connection:
        found: datetime = (await connection.execute(select(workspaces.c.created_at))).scalar_one()
        return found


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
async def test_a_moment_comes_back_aware_and_in_utc(database: Database, zone: timezone) -> None:
    kept = await keep(database, NOON.astimezone(zone))
    assert kept == NOON
    assert kept.utcoffset() == timedelta(0)


async def test_a_naive_moment_is_refused(database: Database) -> None:
    with pytest.raises(StoreError, match=r"2026-03-29T12:00:00\.123456 has no time zone: give an aware datetime"):
        await keep(database, NOON.replace(tzinfo=None))


async def test_moments_sort_by_time_whatever_zone_they_came_in(database: Database) -> None:
    async with database.write() as connection:
        for name, hours in [("late", -8), ("early", 8)]:
            moment = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=hours)))
            row = {"id": name, "title": name, "created_at": moment, "updated_at": moment}
            await connection.execute(insert(workspaces).values(row))
        found = await connection.execute(select(workspaces.c.id).order_by(workspaces.c.created_at))
        assert found.scalars().all() == ["early", "late"]


async def test_json_comes_back_as_it_went(database: Database) -> None:
    await keep(database, NOON)
    value = {"a": "ü😀", "b": [1, None, {"c": True}]}
    async with database.write() as connection:
        await connection.execute(update(workspaces).values(metadata=value))
        assert (await connection.execute(select(workspaces.c.metadata))).scalar_one() == value


async def test_no_moment_is_no_moment(database: Database) -> None:
    from stores.tables import schedules

    await keep(database, NOON)
    async with database.write() as connection:
        texts = dict.fromkeys(["id", "name", "cron_expr", "task_prompt", "agent_id"], "x")
        row = {**texts, "workspace_id": "w", "created_at": NOON, "updated_at": NOON, "last_run_at": None}
        await connection.execute(insert(schedules).values(row))
        assert (await connection.execute(select(schedules.c.last_run_at))).scalar_one() is None


@pytest.mark.parametrize("value", [{"a": [1, None, "ü"]}, [], "text", "12", 12, 1.5, True, None])
async def test_a_json_value_comes_back(database: Database, value: object) -> None:
    async with database.write() as connection:
        row = {"id": "w", "title": "w", "created_at": NOON, "updated_at": NOON}
        await connection.execute(insert(workspaces).values(row))
        agent = {"id": "a", "workspace_id": "w", "name": "a", "role": "GATE", "created_at": NOON, "updated_at": NOON}
        await connection.execute(insert(agents).values(agent))
        message = {"id": "m", "agent_id": "a", "role": "USER", "content": "", "timestamp": NOON, "tool_args": value}
        await connection.execute(insert(conversations).values(message))
        found = (await connection.execute(select(conversations.c.tool_args))).scalar_one()
    assert (found, type(found)) == (value, type(value))
