"""Agents: who works in a workspace."""

from datetime import datetime
from typing import NamedTuple

from stores.records.base import Records
from stores.tables import agents


class Agent(NamedTuple):
    """A row of ``agents``."""

    id: str
    name: str
    role: str
    model_tier: str
    workspace_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, str]
    parent_id: str | None


class Agents(Records[Agent]):
    """All agents."""

    table = agents
    record = Agent
    noun = "agent"
