from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.notelog import Compacted, NoteKey, NoteLog
from stores.records.notes import Note, Notes
from stores.records.page import Page
from stores.records.workspaces import Workspaces

NOW = datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
KEY = NoteKey("w", "a")


@pytest.fixture
async def records(database: Database) -> Notes:
    for workspace in ("w", "v"):
        await Workspaces(database).ensure(workspace, NOW)
    return Notes(database)


async def add(records: Notes, key: str, now: datetime = NOW, **values: Any) -> Note:
    return await records.create({"id": key, "workspace_id": "w", "title": key} | values, now)


async def test_a_note_has_the_defaults_of_the_contract(records: Notes) -> None:
    made = await add(records, "a")
    assert made.key == KEY
    assert (made.content, made.type, made.assigned_agent_ids, made.custom) == ("", "general", [], {})
    assert (made.created_at, made.updated_at, made.session_id, made.behind) == (NOW, NOW, None, False)
    assert await records.find(KEY) == made


async def test_a_note_is_one_only_within_its_workspace(records: Notes) -> None:
    await add(records, "a")
    await add(records, "a", workspace_id="v", title="other")
    assert (await records.find(KEY)).title == "a"
    with pytest.raises(Conflict, match='There is a note "a" in the workspace "w" already'):
        await add(records, "a")
    with pytest.raises(NotFound, match='There is no workspace "nowhere"'):
        await add(records, "a", workspace_id="nowhere")


async def test_a_change_touches_that_note_alone(records: Notes) -> None:
    await add(records, "a", session_id="s")
    other = await add(records, "a", workspace_id="v")
    changed = await records.change_at(KEY, {"title": "new", "session_id": None, "custom": {"k": "v"}}, LATER)
    assert (changed.title, changed.session_id, changed.custom, changed.updated_at) == ("new", None, {"k": "v"}, LATER)
    assert (await records.change_at(KEY, {}, LATER + timedelta(seconds=1))).updated_at > LATER
    assert await records.find(other.key) == other
    for missing in (NoteKey("w", "b"), NoteKey("nowhere", "a")):
        with pytest.raises(NotFound, match=f'no note "{missing.note}" in the workspace "{missing.workspace}"'):
            await records.change_at(missing, {"title": "x"}, LATER)
        with pytest.raises(NotFound):
            await records.find(missing)


async def test_a_note_is_behind_while_its_log_has_something(records: Notes) -> None:
    await add(records, "a")
    log = NoteLog(records.database)
    await log.append([(KEY, b"update")])
    assert (await records.find(KEY)).behind
    assert (await records.change_at(KEY, {}, LATER)).behind
    await log.compact(KEY, await log.read(KEY), Compacted(b"state", None, "text"))
    found = await records.find(KEY)
    assert (found.behind, found.content) == (False, "text")


async def listed(records: Notes, *where: Any, **filters: str) -> list[str]:
    return [note.id for note in (await records.list({"workspace_id": "w"} | filters, None, *where)).rows]


async def test_lists_are_filtered(records: Notes) -> None:
    await add(records, "a", type="task", session_id="s", assigned_agent_ids=["x", "y"])
    await add(records, "b", LATER, assigned_agent_ids=["xy"])
    await add(records, "a", workspace_id="v", assigned_agent_ids=["x"])
    assert await listed(records) == ["a", "spec", "b"]
    assert await listed(records, type="task") == ["a"]
    assert await listed(records, session_id="s") == ["a"]
    assert await listed(records, records.assigned_to("x")) == ["a"]
    assert await listed(records, records.assigned_to("xy")) == ["b"]
    assert await listed(records, records.assigned_to('"')) == []


async def test_a_list_comes_in_pages(records: Notes) -> None:
    for number in range(5):
        await add(records, str(number), NOW + timedelta(seconds=1 + number))
    seen, cursor = [], None
    while True:
        page = await records.list({"workspace_id": "w"}, Page(2, cursor))
        seen += [note.id for note in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["spec", *"01234"]
