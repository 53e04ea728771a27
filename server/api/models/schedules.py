"""Schedules, as clients see and send them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from server.api.models.base import Input, Listing, Model, Name, Text, unset
from server.cron import LONGEST

CronExpr = Annotated[
    Text,
    Field(
        max_length=LONGEST,
        description="Minute, hour, day of month, month and day of week, in UTC; seconds may come before them.",
        examples=["0 9 * * MON-FRI"],
    ),
]
Template = Annotated[
    Text, Field(description="Used in place of the prompt: `{timestamp}` and `{cronExpr}` are filled in.")
]


class Schedule(Model):
    """A job that is enqueued again and again."""

    id: str
    name: str
    cron_expr: str
    task_prompt: str
    agent_id: str
    workspace_id: str
    enabled: bool
    created_at: datetime
    updated_at: datetime
    last_run_at: datetime = unset()
    next_run_at: datetime = unset()
    last_task_id: str = unset()
    prompt_template: str = unset()


class ScheduleAnswer(Model):
    """A schedule under its name."""

    schedule: Schedule


class ScheduleList(Model):
    """A page of schedules, oldest first."""

    schedules: list[Schedule]
    next_cursor: str = unset()


class ScheduleQuery(Listing):
    """Which schedules to list."""

    workspace_id: Text


class NewSchedule(Input):
    """A schedule to be made."""

    name: Text
    cron_expr: CronExpr
    task_prompt: Text
    agent_id: Name
    workspace_id: Name
    enabled: bool = True
    prompt_template: Template | None = None


class ScheduleChanges(Input):
    """What is to change; null takes the template away."""

    name: Text = unset()
    cron_expr: CronExpr = unset()
    task_prompt: Text = unset()
    agent_id: Name = unset()
    enabled: bool = unset()
    prompt_template: Template | None = None


class Fired(Model):
    """Which schedules were due."""

    fired: int
    schedule_ids: list[str]
