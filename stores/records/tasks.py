"""Tasks: what is to be done in a workspace."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from stores.errors import Conflict, NotFound
from stores.records.base import Records
from stores.records.dependencies import all_completed
from stores.records.page import Listed, Page
from stores.tables import tasks


class Task(NamedTuple):
    """A row of ``tasks``."""

    id: str
    title: str
    objective: str
    status: str
    dependencies: list[str]
    workspace_id: str
    created_at: datetime
    updated_at: datetime
    scope: str | None
    acceptance_criteria: list[str]
    verification_commands: list[str]
    test_cases: list[str]
    assigned_to: str | None
    board_id: str | None
    column_id: str | None
    position: int | None
    priority: str | None
    labels: list[str]
    assignee: str | None
    assigned_provider: str | None
    assigned_role: str | None
    assigned_specialist_id: str | None
    assigned_specialist_name: str | None
    trigger_session_id: str | None
    session_id: str | None
    github_id: str | None
    github_number: int | None
    github_url: str | None
    github_repo: str | None
    github_state: str | None
    github_synced_at: datetime | None
    last_sync_error: str | None
    parallel_group: str | None
    codebase_ids: list[str]
    completion_summary: str | None
    verification_verdict: str | None
    verification_report: str | None
    version: int


class Tasks(Records[Task]):
    """All tasks. Each change makes the version of a task one higher."""

    table = tasks
    record = Task
    noun = "task"

    async def change(
        self, connection: AsyncConnection, key: str, changes: Mapping[str, object], now: datetime, **only: object
    ) -> Task:
        """Change a task in a transaction of the caller's; give ``version`` when it must not have moved on.

        Raises NotFound, and Conflict when the task is not at the version given.
        """
        following = {**changes, "version": tasks.c.version + 1} if changes else changes
        try:
            changed = await super().change(connection, key, following, now, **only)
        except NotFound:
            raise _stale(await self.get(connection, key), only) from None
        if not changes and only.get("version", changed.version) != changed.version:
            raise _stale(changed, only)
        return changed

    async def ready(self, workspace: str, page: Page) -> Listed[Task]:
        """Give the tasks of a workspace that are PENDING and wait for no other; raises BadCursor."""
        waits_for_none = all_completed(self.database.target.driver, tasks, tasks.c.dependencies)
        return await self.list({"workspace_id": workspace, "status": "PENDING"}, page, waits_for_none)


def _stale(task: Task, only: Mapping[str, object]) -> Conflict:
    return Conflict(
        f'The task "{task.id}" is at version {task.version}, not {only["version"]}: read it and change it again.'
    )
