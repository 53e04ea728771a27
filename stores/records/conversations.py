"""Conversations: what was said by and to an agent, in order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select

from stores.records.base import Records
from stores.records.page import Listed, Page
from stores.tables import conversations

_COUNT = select(func.count()).where(conversations.c.agent_id == bindparam("agent_id"))


class Message(NamedTuple):
    """A row of ``conversations``."""

    id: str
    agent_id: str
    role: str
    content: str
    timestamp: datetime
    tool_name: str | None
    tool_args: Any
    turn: int | None


class Conversations(Records[Message]):
    """All messages, in the order in which they were kept."""

    table = conversations
    record = Message
    noun = "message"
    parent = ("agent_id", "agent")
    order = ("seq",)

    async def say(self, values: Mapping[str, object], now: datetime) -> Message:
        """Keep a message; raises NotFound when there is no such agent, and Conflict when its id is taken."""
        return await self.create({"timestamp": now, **values}, now)

    async def count(self, agent: str) -> int:
        """Give the number of an agent's messages."""
        ((total,),) = await self.database.read_rows(_COUNT, {"agent_id": agent})
        return int(total)

    async def turns(self, agent: str, first: int | None, last: int | None, page: Page) -> Listed[Message]:
        """Give an agent's messages, oldest first, of these turns (both included) where they are given."""
        where: list[ColumnElement[bool]] = []
        if first is not None:
            where.append(conversations.c.turn >= first)
        if last is not None:
            where.append(conversations.c.turn <= last)
        return await self.list({"agent_id": agent}, page, *where)

    async def newest(self, agent: str, limit: int) -> list[Message]:
        """Give an agent's newest messages, oldest first."""
        listed = await _Backwards(self.database).list({"agent_id": agent}, Page(limit))
        return listed.rows[::-1]


class _Backwards(Conversations):
    newest_first = True
