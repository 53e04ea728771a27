"""Workspaces, as clients see and send them."""

from datetime import datetime

from server.api.models.base import Input, Listing, Model, NewId, Strings, Text, unset
from server.api.models.words import WorkspaceStatus


class Workspace(Model):
    """What everything else belongs to."""

    id: str
    title: str
    status: WorkspaceStatus
    metadata: dict[str, str]
    created_at: datetime
    updated_at: datetime
    repo_path: str = unset()
    branch: str = unset()


class WorkspaceAnswer(Model):
    """A workspace under its name."""

    workspace: Workspace


class WorkspaceList(Model):
    """A page of workspaces, oldest first."""

    workspaces: list[Workspace]
    next_cursor: str = unset()


class WorkspaceQuery(Listing):
    """Which workspaces to list."""

    status: WorkspaceStatus | None = None


class NewWorkspace(Input):
    """A workspace to be made."""

    id: NewId | None = None
    title: Text
    repo_path: Text | None = None
    branch: Text | None = None
    metadata: Strings = unset()


class WorkspaceChanges(Input):
    """What is to change; null takes an optional value away."""

    title: Text = unset()
    repo_path: Text | None = None
    branch: Text | None = None
    status: WorkspaceStatus = unset()
    metadata: Strings = unset()


class Archive(Input):
    """Whether a workspace is to be archived, or active again."""

    archive: bool = True
