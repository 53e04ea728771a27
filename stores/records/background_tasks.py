"""Background tasks as their owners see them: made, changed while they wait, tried again, taken away."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.errors import Conflict
from stores.records.base import Records
from stores.tables import background_tasks

NO_LEASE: Mapping[str, None] = {"worker_id": None, "lease_seconds": None, "lease_expires_at": None}
"""What a task that no worker has carries in the columns of its lease."""


class BackgroundTask(NamedTuple):
    """A row of the table, without its lease."""

    id: str
    title: str
    prompt: str
    agent_id: str
    workspace_id: str
    status: str
    triggered_by: str
    trigger_source: str
    priority: str
    attempts: int
    max_attempts: int
    created_at: datetime
    updated_at: datetime
    result_session_id: str | None
    error_message: str | None
    started_at: datetime | None
    completed_at: datetime | None
    last_activity: datetime | None
    current_activity: str | None
    tool_call_count: int | None
    input_tokens: int | None
    output_tokens: int | None
    workflow_run_id: str | None
    workflow_step_name: str | None
    depends_on_task_ids: list[str]
    task_output: str | None


class BackgroundTasks(Records[BackgroundTask]):
    """The table, newest first."""

    table = background_tasks
    record = BackgroundTask
    noun = "background task"
    newest_first = True

    async def edit(self, key: str, changes: Mapping[str, object], now: datetime) -> BackgroundTask:
        """Change a task that nobody has begun; raises NotFound, and Conflict when it is not PENDING."""
        async with self.database.write() as connection:
            task = await self.lock(connection, key)
            if task.status != "PENDING":
                raise Conflict(f'The background task "{key}" is {task.status}: only a PENDING one can be changed.')
            return await self.change(connection, key, changes, now)

    async def retry(self, key: str, now: datetime) -> BackgroundTask:
        """Let a task wait again for a worker.

        Raises NotFound; Conflict: it is not FAILED, or no attempts are left.
        """
        async with self.database.write() as connection:
            task = await self.lock(connection, key)
            if task.status != "FAILED":
                raise Conflict(f'The background task "{key}" is {task.status}: only a FAILED one can be tried again.')
            if task.attempts >= task.max_attempts:
                raise Conflict(f'The background task "{key}" has had all of its {task.max_attempts} attempts.')
            again = {"status": "PENDING", "error_message": None, "started_at": None, "completed_at": None}
            return await self.change(connection, key, again, now)

    async def remove(self, key: str, now: datetime, *, force: bool = False) -> BackgroundTask | None:
        """Delete a task; a RUNNING one is only cancelled, and given back, unless forced. Raises NotFound."""
        async with self.database.write() as connection:
            task = await self.lock(connection, key)
            if task.status == "RUNNING" and not force:
                ended = {"status": "CANCELLED", "completed_at": now, **NO_LEASE}
                return await self.change(connection, key, ended, now)
            await connection.execute(background_tasks.delete().where(background_tasks.c.id == key))
        return None

    async def lock(self, connection: AsyncConnection, key: str) -> BackgroundTask:
        """Read a task that nobody else changes before the end of the transaction; raises NotFound."""
        statement = select(*self.columns).where(background_tasks.c.id == key).with_for_update()
        row: Any = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise self.missing(key)
        return self.make(row)
