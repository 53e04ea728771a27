"""Tasks, as clients see and send them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from server.api.models.base import Input, Integer, Listing, Model, Moment, Name, NewId, Text, unset
from server.api.models.words import AgentRole, TaskPriority, TaskStatus, VerificationVerdict


class Task(Model):
    """What is to be done in a workspace."""

    id: str
    title: str
    objective: str
    status: TaskStatus
    dependencies: list[str]
    workspace_id: str
    created_at: datetime
    updated_at: datetime
    scope: str = unset()
    acceptance_criteria: list[str] = unset()
    verification_commands: list[str] = unset()
    test_cases: list[str] = unset()
    assigned_to: str = unset()
    board_id: str = unset()
    column_id: str = unset()
    position: int = unset()
    priority: TaskPriority = unset()
    labels: list[str] = unset()
    assignee: str = unset()
    assigned_provider: str = unset()
    assigned_role: AgentRole = unset()
    assigned_specialist_id: str = unset()
    assigned_specialist_name: str = unset()
    trigger_session_id: str = unset()
    session_id: str = unset()
    github_id: str = unset()
    github_number: int = unset()
    github_url: str = unset()
    github_repo: str = unset()
    github_state: str = unset()
    github_synced_at: datetime = unset()
    last_sync_error: str = unset()
    parallel_group: str = unset()
    codebase_ids: list[str] = unset()
    completion_summary: str = unset()
    verification_verdict: VerificationVerdict = unset()
    verification_report: str = unset()
    version: Annotated[int, Field(description="1 at first, one higher with each change.")]


class TaskAnswer(Model):
    """A task under its name."""

    task: Task


class TaskList(Model):
    """A page of tasks, oldest first."""

    tasks: list[Task]
    next_cursor: str = unset()


class ReadyQuery(Listing):
    """Which tasks to list."""

    workspace_id: Text = "default"


class TaskQuery(ReadyQuery):
    """Which tasks to list."""

    status: TaskStatus | None = None
    assigned_to: Text | None = None
    session_id: Text | None = None


class _Fields(Input):
    status: TaskStatus = unset()
    dependencies: list[Name] = unset()
    scope: Text | None = None
    acceptance_criteria: list[Text] = unset()
    verification_commands: list[Text] = unset()
    test_cases: list[Text] = unset()
    assigned_to: Name | None = None
    board_id: Text | None = None
    column_id: Text | None = None
    position: Integer | None = None
    priority: TaskPriority | None = None
    labels: list[Text] = unset()
    assignee: Text | None = None
    assigned_provider: Text | None = None
    assigned_role: AgentRole | None = None
    assigned_specialist_id: Text | None = None
    assigned_specialist_name: Text | None = None
    trigger_session_id: Text | None = None
    session_id: Name | None = None
    github_id: Text | None = None
    github_number: Integer | None = None
    github_url: Text | None = None
    github_repo: Text | None = None
    github_state: Text | None = None
    github_synced_at: Moment | None = None
    last_sync_error: Text | None = None
    parallel_group: Text | None = None
    codebase_ids: list[Name] = unset()
    completion_summary: Text | None = None
    verification_verdict: VerificationVerdict | None = None
    verification_report: Text | None = None


class NewTask(_Fields):
    """A task to be made."""

    id: NewId | None = None
    title: Text
    objective: Text
    workspace_id: Name = "default"


class TaskChanges(_Fields):
    """What is to change; null takes an optional value away."""

    title: Text = unset()
    objective: Text = unset()
    version: Annotated[
        Integer, Field(description="The version that was read: when the task has moved on, nothing changes (409).")
    ] = unset()


class TaskStatusChange(Input):
    """The status that a task now has."""

    status: TaskStatus


class TasksDeleted(Model):
    """How many tasks were deleted."""

    deleted: int
