"""Background tasks, as clients and workers see and send them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from server.api.models.base import WHOLE, Input, Listing, Model, Name, Text, unset
from server.api.models.words import BackgroundTaskPriority, BackgroundTaskStatus, TriggerSource

Attempts = Annotated[int, WHOLE, Field(ge=1, le=1000)]
Seconds = Annotated[
    int, WHOLE, Field(ge=1, le=86_400, description="How long the task stays with the worker without a heartbeat.")
]
Count = Annotated[int, WHOLE, Field(ge=0, le=2**63 - 1)]
Worker = Annotated[Name, Field(description="The worker's own name, the same in all of its requests.")]


class BackgroundTask(Model):
    """A job for an agent."""

    id: str
    title: str
    prompt: str
    agent_id: str
    workspace_id: str
    status: BackgroundTaskStatus
    triggered_by: str
    trigger_source: TriggerSource
    priority: BackgroundTaskPriority
    attempts: int
    max_attempts: int
    created_at: datetime
    updated_at: datetime
    result_session_id: str = unset()
    error_message: str = unset()
    started_at: datetime = unset()
    completed_at: datetime = unset()
    last_activity: datetime = unset()
    current_activity: str = unset()
    tool_call_count: int = unset()
    input_tokens: int = unset()
    output_tokens: int = unset()
    workflow_run_id: str = unset()
    workflow_step_name: str = unset()
    depends_on_task_ids: list[str] = unset()
    task_output: str = unset()


class BackgroundTaskAnswer(Model):
    """A background task under its name."""

    task: BackgroundTask


class BackgroundTaskList(Model):
    """A page of background tasks, newest first."""

    tasks: list[BackgroundTask]
    next_cursor: str = unset()


class BackgroundTaskQuery(Listing):
    """Which background tasks to list."""

    workspace_id: Text
    status: BackgroundTaskStatus | None = None


class NewBackgroundTask(Input):
    """A background task to be made."""

    prompt: Text
    agent_id: Name
    workspace_id: Name
    title: Annotated[Text, Field(description="The first 60 characters of the prompt, unless given.")] = unset()
    priority: BackgroundTaskPriority = unset()
    trigger_source: TriggerSource = unset()
    triggered_by: Text = "user"
    max_attempts: Attempts = unset()
    depends_on_task_ids: list[Name] = unset()
    workflow_run_id: Text | None = None
    workflow_step_name: Text | None = None


class DeleteByStatus(Input):
    """Which background tasks are to be deleted at once."""

    action: Literal["deleteByStatus"]
    status: BackgroundTaskStatus
    workspace_id: Name
    trigger_source: TriggerSource = unset()


class DeletedByStatus(Model):
    """How many background tasks were deleted."""

    success: bool
    deleted: int
    message: str


class BackgroundTaskChanges(Input):
    """What is to change, while nobody has begun."""

    title: Text = unset()
    prompt: Text = unset()
    agent_id: Name = unset()
    priority: BackgroundTaskPriority = unset()


class Removed(Model):
    """The answer to a deletion: the task was removed, or (with `task`) it ran and is cancelled."""

    success: bool = unset()
    task: BackgroundTask = unset()


class Processed(Model):
    """The answer to a request to look at the queue now."""

    ok: bool
    dispatched: bool


class Claim(Input):
    """Who asks for work."""

    worker_id: Worker
    workspace_id: Annotated[Name | None, Field(description="The only workspace to take tasks from.")] = None
    lease_seconds: Seconds = 60


class Leased(Model):
    """A task in the hands of a worker; without `task` when nothing is ready."""

    task: BackgroundTask = unset()
    lease_expires_at: datetime = unset()


class _Progress(Input):
    current_activity: Text = unset()
    tool_call_count: Count = unset()
    input_tokens: Count = unset()
    output_tokens: Count = unset()
    result_session_id: Name = unset()


class Heartbeat(_Progress):
    """A worker that is still at it, and how far it is."""

    worker_id: Worker
    lease_seconds: Annotated[Seconds, Field(description="As long as before, unless given.")] = unset()


class Completion(_Progress):
    """A worker that is done."""

    worker_id: Worker
    output: Annotated[
        Text | None,
        Field(validation_alias=AliasChoices("output", "taskOutput"), description="What came of it."),
    ] = None


class Breakdown(_Progress):
    """A worker that could not do it."""

    worker_id: Worker
    message: Annotated[
        Text, Field(min_length=1, validation_alias=AliasChoices("message", "errorMessage"), description="Why.")
    ]
