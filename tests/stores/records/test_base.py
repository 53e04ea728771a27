"""What all records have in common, shown with agents."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stores.engine import Database
from stores.errors import BadCursor, Conflict, NotFound, Unavailable
from stores.records.agents import Agent, Agents
from stores.records.page import Page
from stores.records.workspaces import Workspaces
from stores.tables import agents as table
from stores.target import choose

NOON = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


class Newest(Agents):
    newest_first = True


@pytest.fixture
async def agents(database: Database) -> Agents:
    for name in ("here", "there"):
        await Workspaces(database).ensure(name, NOON)
    return Agents(database)


async def make(agents: Agents, name: str, moment: datetime = NOON, workspace: str = "here", **values: Any) -> Agent:
    row = {"id": name, "name": name, "role": "ROUTA", "workspace_id": workspace}
    return await agents.create(row | values, moment)


async def names(agents: Agents, page: Page | None = None, **filters: object) -> str:
    return "".join(agent.id for agent in (await agents.list(filters, page)).rows)


async def test_what_was_created_is_read_with_its_defaults(agents: Agents) -> None:
    made = await make(agents, "a")
    assert made == await agents.read("a")
    assert made == Agent("a", "a", "ROUTA", "SMART", "here", "PENDING", NOON, NOON, {}, None)


async def test_an_id_is_given_once(agents: Agents) -> None:
    await make(agents, "a")
    with pytest.raises(Conflict, match='The agent "a" is there already'):
        await make(agents, "a", workspace="there")
    assert (await agents.read("a")).workspace_id == "here"


async def test_nothing_is_created_where_there_is_nothing_to_belong_to(agents: Agents) -> None:
    with pytest.raises(NotFound, match='There is no workspace "nowhere"'):
        await make(agents, "a", workspace="nowhere")
    with pytest.raises(NotFound, match='There is no agent "a"'):
        await agents.read("a")


async def test_a_change_is_kept_with_its_time(agents: Agents) -> None:
    made = await make(agents, "a", parent_id="p")
    changed = await agents.update("a", {"name": "b", "parent_id": None, "metadata": {"k": "v"}}, LATER)
    assert changed == made._replace(name="b", parent_id=None, metadata={"k": "v"}, updated_at=LATER)
    assert await agents.read("a") == changed


async def test_no_change_changes_nothing(agents: Agents) -> None:
    made = await make(agents, "a")
    assert await agents.update("a", {}, LATER) == made
    with pytest.raises(NotFound, match='There is no agent "b"'):
        await agents.update("b", {}, LATER)


async def test_what_does_not_pass_the_filter_is_not_there(agents: Agents) -> None:
    made = await make(agents, "a")
    with pytest.raises(NotFound, match='There is no agent "a"'):
        await agents.update("a", {"name": "b"}, LATER, workspace_id="there")
    with pytest.raises(NotFound, match='There is no agent "a"'):
        await agents.delete("a", workspace_id="there")
    assert await agents.read("a") == made
    await agents.delete("a", workspace_id="here")
    with pytest.raises(NotFound):
        await agents.delete("a")


async def test_all_that_pass_a_filter_are_deleted(agents: Agents) -> None:
    for name in "abc":
        await make(agents, name, status="ERROR" if name == "b" else "ACTIVE")
    await make(agents, "d", workspace="there", status="ACTIVE")
    assert await agents.delete_all(workspace_id="here", status="ACTIVE") == 2
    assert await agents.delete_all(workspace_id="here", status="ACTIVE") == 0
    assert await names(agents) == "bd"


async def test_a_list_is_sorted_and_filtered(agents: Agents) -> None:
    for number, name in enumerate("cab"):
        await make(agents, name, NOON + timedelta(microseconds=number))
    await make(agents, "d", NOON - timedelta(1), workspace="there")
    await make(agents, "e", NOON + timedelta(microseconds=2), role="GATE")
    assert await names(agents) == "dcabe"
    assert await names(agents, workspace_id="here") == "cabe"
    assert await names(agents, workspace_id="here", role="GATE") == "e"
    assert await names(Newest(agents.database), workspace_id="here") == "ebac"
    listed = await agents.list({"workspace_id": "here"}, None, table.c.name > "a")
    assert [agent.id for agent in listed.rows] == ["c", "b", "e"]


@pytest.mark.parametrize("kind", [Agents, Newest])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_pages_follow_each_other_to_the_end(agents: Agents, kind: type[Agents], limit: int) -> None:
    for number, name in enumerate("abcdefg"):
        await make(agents, name, NOON + timedelta(microseconds=number // 3))
    found, cursor = "", None
    while True:
        listed = await kind(agents.database).list({"workspace_id": "here"}, Page(limit, cursor))
        assert len(listed.rows) <= limit
        found += "".join(agent.id for agent in listed.rows)
        cursor = listed.next_cursor
        if cursor is None:
            break
    assert found == ("abcdefg" if kind is Agents else "gfedcba")


async def test_a_page_goes_on_where_the_last_one_ended_whatever_happened_meanwhile(agents: Agents) -> None:
    for name in "bdfh":
        await make(agents, name)
    first = await agents.list({}, Page(2))
    for name in "aceg":
        await make(agents, name)
    await agents.delete("d")
    assert await names(agents, Page(10, first.next_cursor)) == "efgh"


async def test_a_cursor_of_another_kind_is_refused(agents: Agents) -> None:
    with pytest.raises(BadCursor):
        await agents.list({}, Page(1, "abc"))


async def test_records_take_part_in_a_transaction(agents: Agents) -> None:
    row = {"id": "a", "name": "a", "role": "GATE", "workspace_id": "here"}

    async def add_and_change_one_that_is_not_there() -> None:
        async with agents.database.write() as connection:
            added = await agents.add(connection, row, NOON)
            assert await agents.get(connection, "a") == added
            await agents.change(connection, "b", {"name": "c"}, NOON)

    with pytest.raises(NotFound, match='There is no agent "b"'):
        await add_and_change_one_that_is_not_there()
    with pytest.raises(NotFound, match='There is no agent "a"'):
        await agents.read("a")


async def test_two_changes_at_once_are_both_kept(shared_database: Database) -> None:
    await Workspaces(shared_database).ensure("here", NOON)
    agents = Agents(shared_database)
    await make(agents, "a")
    await asyncio.gather(
        agents.update("a", {"name": "b"}, LATER),
        agents.update("a", {"status": "ACTIVE"}, LATER),
    )
    changed = await agents.read("a")
    assert (changed.name, changed.status) == ("b", "ACTIVE")


async def test_a_closed_store_is_unavailable() -> None:
    database = await Database.open(choose(database_url=None, driver="memory", path=None, data_dir=None))
    await database.close()
    with pytest.raises(Unavailable):
        await Agents(database).read("a")
