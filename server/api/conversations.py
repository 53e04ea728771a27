"""Conversations over HTTP."""

from typing import Annotated
from uuid import uuid4

from fastapi import Query
from starlette.responses import Response

from server.access import Access
from server.api.answers import answer, shape_of
from server.api.caller import Calling
from server.api.models.base import Deleted, Text
from server.api.models.conversations import MessageAnswer, MessageList, MessageQuery, NewMessage
from server.api.routing import CONFLICT, Running, router
from stores.records.conversations import Message
from stores.records.page import Listed

routes = router("Conversations")
shape = shape_of(Message)


@routes.get("/conversations/{agent_id}", response_model=MessageList)
async def read_conversation(
    agent_id: Text, query: Annotated[MessageQuery, Query()], service: Running, caller: Calling
) -> Response:
    """Give an agent's messages, oldest first, and how many there are in all."""
    await caller.require_of(Access.READ, service.agents, agent_id)
    if query.last is not None:
        listed = Listed(await service.conversations.newest(agent_id, query.last))
    else:
        listed = await service.conversations.turns(agent_id, query.from_turn, query.to_turn, query.page())
    total = await service.conversations.count(agent_id)
    if not total:
        await service.agents.read(agent_id)
    more = {"nextCursor": listed.next_cursor} if listed.next_cursor else {}
    return answer({"messages": [shape(row) for row in listed.rows], "total": total, **more})


@routes.post("/conversations/{agent_id}", status_code=201, response_model=MessageAnswer, responses=CONFLICT)
async def add_message(agent_id: Text, body: NewMessage, service: Running, caller: Calling) -> Response:
    """Add a message to an agent's conversation."""
    await caller.require_of(Access.WRITE, service.agents, agent_id)
    values = {"id": str(uuid4()), "agent_id": agent_id} | body.values()
    return answer({"message": shape(await service.conversations.say(values, service.clock()))}, 201)


@routes.delete("/conversations/{agent_id}", response_model=Deleted)
async def delete_conversation(agent_id: Text, service: Running, caller: Calling) -> Response:
    """Delete all messages of an agent."""
    await caller.require_of(Access.WRITE, service.agents, agent_id)
    if not await service.conversations.delete_all(agent_id=agent_id):
        await service.agents.read(agent_id)
    return answer({"deleted": True})
