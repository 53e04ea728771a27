"""Schedules: what is enqueued, and when next. Whatever the number of servers, a due run is enqueued once."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.engine import Database
from stores.records.background_tasks import BackgroundTask, BackgroundTasks
from stores.records.base import Records
from stores.tables import schedules


class Schedule(NamedTuple):
    """A row of the table."""

    id: str
    name: str
    cron_expr: str
    task_prompt: str
    agent_id: str
    workspace_id: str
    enabled: bool
    created_at: datetime
    updated_at: datetime
    last_run_at: datetime | None
    next_run_at: datetime | None
    last_task_id: str | None
    prompt_template: str | None


class Schedules(Records[Schedule]):
    """The table, oldest first."""

    table = schedules
    record = Schedule
    noun = "schedule"

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._tasks = BackgroundTasks(database)

    async def due(self, now: datetime) -> list[Schedule]:
        """Give the schedules whose time has come, the longest waiting first."""
        columns = schedules.c
        statement = select(*self.columns).where(columns.enabled, columns.next_run_at <= now)
        async with self.database.read() as connection:
            rows = await connection.execute(statement.order_by(columns.next_run_at, columns.id))
            return [self.make(row) for row in rows]

    async def fire(
        self, schedule: Schedule, prompt: str, now: datetime, next_run_at: datetime | None
    ) -> BackgroundTask | None:
        """Enqueue the run that is due, unless it was enqueued, moved or called off since the schedule was read.

        Args:
            schedule: as it was read.
            prompt: of the task.
            now: the time.
            next_run_at: when it is due again.
        """
        columns = schedules.c
        unmoved = (columns.id == schedule.id, columns.enabled, columns.next_run_at == schedule.next_run_at)
        task = str(uuid4())
        run = {"last_run_at": now, "last_task_id": task, "next_run_at": next_run_at, "updated_at": now}
        async with self.database.write() as connection:
            moved = await connection.execute(update(schedules).where(*unmoved).values(run))
            if moved.rowcount == 0:
                return None
            return await self._enqueue(connection, task, schedule, prompt, now)

    async def run(self, schedule: Schedule, prompt: str, now: datetime) -> BackgroundTask:
        """Enqueue a run now, whenever the next one is due; raises NotFound when the schedule is gone."""
        task = str(uuid4())
        run: Mapping[str, object] = {"last_run_at": now, "last_task_id": task}
        async with self.database.write() as connection:
            await self.change(connection, schedule.id, run, now)
            return await self._enqueue(connection, task, schedule, prompt, now)

    async def _enqueue(
        self, connection: AsyncConnection, task: str, schedule: Schedule, prompt: str, now: datetime
    ) -> BackgroundTask:
        values = {
            "id": task,
            "title": schedule.name,
            "prompt": prompt,
            "agent_id": schedule.agent_id,
            "workspace_id": schedule.workspace_id,
            "triggered_by": f"schedule:{schedule.id}",
            "trigger_source": "schedule",
        }
        return await self._tasks.add(connection, values, now)
