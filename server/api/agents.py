"""Agents over HTTP."""

from typing import Annotated
from uuid import uuid4

from fastapi import Query
from starlette.responses import Response

from server.access import Access
from server.api.answers import answer, listing, shape_of
from server.api.caller import Caller, Calling
from server.api.models import agents as models
from server.api.models.base import Deleted, Text, Updated
from server.api.routing import Running, router
from server.service import Service
from stores.records.agents import Agent

routes = router("Agents")
shape = shape_of(Agent)


@routes.get("/agents", response_model=models.AgentList | models.Agent)
async def list_agents(query: Annotated[models.AgentQuery, Query()], service: Running, caller: Calling) -> Response:
    """List the agents of a workspace, oldest first; with `id`, give that agent itself."""
    if query.id is not None:
        return await _one(query.id, service, caller)
    caller.require(Access.READ, query.workspace_id)
    listed = await service.agents.list(query.filters(), query.page())
    if not listed.rows:
        await service.workspaces.require(query.workspace_id)
    return listing("agents", listed, shape)


@routes.post("/agents", response_model=models.AgentMade)
async def create_agent(body: models.NewAgent, service: Running, caller: Calling) -> Response:
    """Make an agent."""
    caller.require(Access.WRITE, body.workspace_id)
    made = await service.agents.create({"id": str(uuid4())} | body.values(), service.clock())
    return answer({"agentId": made.id, "agent": shape(made)})


@routes.get("/agents/{agent_id}", response_model=models.Agent)
async def read_agent(agent_id: Text, service: Running, caller: Calling) -> Response:
    """Give one agent."""
    return await _one(agent_id, service, caller)


async def _one(agent_id: str, service: Service, caller: Caller) -> Response:
    agent = await service.agents.read(agent_id)
    caller.check(Access.READ, service.agents, agent)
    return answer(shape(agent))


@routes.patch("/agents/{agent_id}", response_model=models.AgentAnswer)
async def update_agent(agent_id: Text, body: models.AgentChanges, service: Running, caller: Calling) -> Response:
    """Change an agent."""
    await caller.require_of(Access.WRITE, service.agents, agent_id)
    return answer({"agent": shape(await service.agents.update(agent_id, body.given(), service.clock()))})


@routes.post("/agents/{agent_id}/status", response_model=Updated)
async def set_agent_status(
    agent_id: Text, body: models.AgentStatusChange, service: Running, caller: Calling
) -> Response:
    """Set the status of an agent."""
    await caller.require_of(Access.WRITE, service.agents, agent_id)
    await service.agents.update(agent_id, body.given(), service.clock())
    return answer({"updated": True})


@routes.delete("/agents/{agent_id}", response_model=Deleted)
async def delete_agent(agent_id: Text, service: Running, caller: Calling) -> Response:
    """Delete an agent and its conversation."""
    await caller.require_of(Access.WRITE, service.agents, agent_id)
    await service.agents.delete(agent_id)
    return answer({"deleted": True})
