"""Agents, as clients see and send them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from server.api.models.base import Input, Listing, Model, Name, Strings, Text, unset
from server.api.models.words import AgentRole, AgentStatus, ModelTier


class Agent(Model):
    """Who works in a workspace."""

    id: str
    name: str
    role: AgentRole
    model_tier: ModelTier
    workspace_id: str
    status: AgentStatus
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, str]
    parent_id: str = unset()


class AgentAnswer(Model):
    """An agent under its name."""

    agent: Agent


class AgentMade(AgentAnswer):
    """The agent that was made, and its id."""

    agent_id: str


class AgentList(Model):
    """A page of agents, oldest first."""

    agents: list[Agent]
    next_cursor: str = unset()


class AgentQuery(Listing):
    """Which agents to list."""

    id: Annotated[Text | None, Field(description="Ask for this one alone: the answer is the agent itself.")] = None
    workspace_id: Text = "default"
    role: AgentRole | None = None
    status: AgentStatus | None = None
    parent_id: Text | None = None


class NewAgent(Input):
    """An agent to be made."""

    name: Text
    role: AgentRole
    workspace_id: Name = "default"
    parent_id: Name | None = None
    model_tier: ModelTier = "SMART"
    metadata: Strings = unset()


class AgentChanges(Input):
    """What is to change."""

    name: Text = unset()
    role: AgentRole = unset()
    model_tier: ModelTier = unset()
    status: AgentStatus = unset()
    metadata: Strings = unset()


class AgentStatusChange(Input):
    """The status that an agent now has."""

    status: AgentStatus
