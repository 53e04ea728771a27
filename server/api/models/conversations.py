"""Conversations, as clients see and send them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from server.api.models.base import FreeJson, Input, Integer, Listing, Model, NewId, Text, unset
from server.api.models.words import MessageRole
from stores.records.page import MOST


class Message(Model):
    """What was said by or to an agent."""

    id: str
    agent_id: str
    role: MessageRole
    content: str
    timestamp: datetime
    tool_name: str = unset()
    tool_args: Any = unset()
    turn: int = unset()


class MessageAnswer(Model):
    """A message under its name."""

    message: Message


class MessageList(Model):
    """Messages, oldest first, and how many the conversation has in all."""

    messages: list[Message]
    total: int
    next_cursor: str = unset()


class MessageQuery(Listing):
    """Which messages of a conversation."""

    last: Annotated[
        int | None, Field(ge=1, le=MOST, description="The newest ones alone, so many; goes before everything else.")
    ] = None
    from_turn: Integer | None = None
    to_turn: Integer | None = None


class NewMessage(Input):
    """A message to be kept."""

    id: NewId | None = None
    role: MessageRole
    content: Text
    tool_name: Text | None = None
    tool_args: FreeJson = None
    turn: Integer | None = None
