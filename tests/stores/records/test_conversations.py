from datetime import UTC, datetime
from typing import Any

import pytest

from stores.engine import Database
from stores.errors import Conflict, NotFound
from stores.records.agents import Agents
from stores.records.conversations import Conversations, Message
from stores.records.page import Page
from stores.records.workspaces import Workspaces

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.fixture
async def conversations(database: Database) -> Conversations:
    await Workspaces(database).ensure("w", NOON)
    for name in ("one", "two"):
        await Agents(database).create({"id": name, "name": name, "role": "GATE", "workspace_id": "w"}, NOON)
    return Conversations(database)


async def say(conversations: Conversations, key: str, agent: str = "one", **values: Any) -> Message:
    return await conversations.say({"id": key, "agent_id": agent, "role": "USER", "content": key, **values}, NOON)


def ids(messages: list[Message]) -> str:
    return "".join(message.id for message in messages)


async def test_a_message_is_kept_as_it_was_said(conversations: Conversations) -> None:
    said = await say(conversations, "a", tool_name="grep", tool_args={"for": [1, None, {"x": 2.5}]}, turn=3)
    assert said == Message("a", "one", "USER", "a", NOON, "grep", {"for": [1, None, {"x": 2.5}]}, 3)
    assert await conversations.read("a") == said


async def test_messages_of_one_moment_stay_in_order(conversations: Conversations) -> None:
    for key in "dbacfe":
        await say(conversations, key)
    await say(conversations, "z", "two")
    assert ids((await conversations.turns("one", None, None, Page())).rows) == "dbacfe"
    assert ids(await conversations.newest("one", 2)) == "fe"
    assert ids(await conversations.newest("one", 100)) == "dbacfe"
    assert (await conversations.count("one"), await conversations.count("nobody")) == (6, 0)


async def test_turns_are_chosen_with_both_ends(conversations: Conversations) -> None:
    for turn, key in enumerate("abcd"):
        await say(conversations, key, turn=turn)
    await say(conversations, "e")
    for first, last, found in [(1, 2, "bc"), (2, None, "cd"), (None, 1, "ab"), (3, 1, ""), (None, None, "abcde")]:
        assert ids((await conversations.turns("one", first, last, Page())).rows) == found


async def test_messages_come_in_pages(conversations: Conversations) -> None:
    for key in "dbace":
        await say(conversations, key)
    found, cursor = [], None
    for _ in range(3):
        listed = await conversations.turns("one", None, None, Page(2, cursor))
        found.append(ids(listed.rows))
        cursor = listed.next_cursor
    assert (found, cursor) == (["db", "ac", "e"], None)


async def test_what_cannot_be_said(conversations: Conversations) -> None:
    with pytest.raises(NotFound, match='There is no agent "nobody"'):
        await say(conversations, "a", "nobody")
    await say(conversations, "a")
    with pytest.raises(Conflict, match='The message "a" is there already'):
        await say(conversations, "a", "two")


async def test_a_conversation_goes_with_its_agent(conversations: Conversations) -> None:
    await say(conversations, "a")
    await say(conversations, "b", "two")
    await Agents(conversations.database).delete("one")
    assert (await conversations.count("one"), await conversations.count("two")) == (0, 1)
