"""The job queue: background tasks handed to workers, each for as long as its lease is renewed."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, Update, case, func, literal, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stores.columns import Timestamp
from stores.engine import Database
from stores.enumerations import BACKGROUND_PRIORITIES
from stores.errors import Conflict
from stores.records.background_tasks import NO_LEASE, BackgroundTask, BackgroundTasks
from stores.records.dependencies import all_completed
from stores.tables import background_tasks

_COLUMNS = background_tasks.c


class Lease(NamedTuple):
    """A task in the hands of a worker."""

    task: BackgroundTask
    expires_at: datetime
    """When somebody else may get it, unless it is renewed."""


class Queue:
    """Who works on which background task. All methods raise Unavailable when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tasks = BackgroundTasks(database)
        self._waits_for_none = all_completed(
            database.target.driver, background_tasks, background_tasks.c.depends_on_task_ids
        )

    async def claim(self, worker: str, seconds: int, now: datetime, workspace: str | None = None) -> Lease | None:
        """Give the next task that is ready to one worker and nobody else.

        Ready is a PENDING task whose dependencies, in its own workspace, are all COMPLETED. The most urgent comes
        first, and among equals the oldest. Leases that have run out are ended before.

        Args:
            worker: who asks.
            seconds: how long it may go without a renewal.
            now: the time.
            workspace: the only one to look into; all unless given.
        """
        expires = now + timedelta(seconds=seconds)
        begun = {"attempts": _COLUMNS.attempts + 1, "started_at": now, "last_activity": now, "updated_at": now}
        lease = {"worker_id": worker, "lease_seconds": seconds, "lease_expires_at": expires}
        statement = (
            update(background_tasks)
            .where(_COLUMNS.id == self._next(workspace))
            .values(status="RUNNING", **begun, **lease)
            .returning(*self._tasks.columns)
        )
        async with self._database.write() as connection:
            await connection.execute(_expiry(now))
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else Lease(self._tasks.make(row), expires)

    async def renew(
        self, key: str, worker: str, now: datetime, seconds: int | None = None, **progress: object
    ) -> Lease:
        """Keep a task for longer, and note how far it is.

        Args:
            key: the task's id.
            worker: who holds it.
            now: the time.
            seconds: how long from now; as long as was asked for before unless given.
            progress: columns and their new values.

        Raises NotFound: there is no such task; Conflict: it is not (or no longer) in the hands of this worker.
        """
        async with self._database.write() as connection:
            before = await self._hold(connection, key, worker)
            seconds = before if seconds is None else seconds
            expires = now + timedelta(seconds=seconds)
            lease = {"last_activity": now, "lease_seconds": seconds, "lease_expires_at": expires}
            return Lease(await self._tasks.change(connection, key, lease | progress, now), expires)

    async def finish(self, key: str, worker: str, now: datetime, status: str, **outcome: object) -> BackgroundTask:
        """End the work on a task: ``status`` is COMPLETED or FAILED, ``outcome`` columns and their values.

        Raises NotFound: there is no such task; Conflict: it is not (or no longer) in the hands of this worker.
        """
        ended = {"status": status, "completed_at": now, "last_activity": now, "error_message": None, **NO_LEASE}
        async with self._database.write() as connection:
            await self._hold(connection, key, worker)
            return await self._tasks.change(connection, key, ended | outcome, now)

    async def expire(self, now: datetime) -> int:
        """End the leases that have run out, and say how many: the tasks go back, or fail after their last attempt."""
        async with self._database.read() as connection:
            if await connection.scalar(_late(now).limit(1)) is None:
                return 0
        async with self._database.write() as connection:
            return (await connection.execute(_expiry(now))).rowcount

    async def _hold(self, connection: AsyncConnection, key: str, worker: str) -> int:
        """Give the seconds of a worker's lease, which nobody else ends before the end of the transaction."""
        task = await self._tasks.lock(connection, key)
        if task.status != "RUNNING":
            raise Conflict(f'The background task "{key}" is {task.status}: no worker has it.')
        held = select(_COLUMNS.worker_id, _COLUMNS.lease_seconds).where(_COLUMNS.id == key)
        holder, seconds = (await connection.execute(held)).one()
        if holder != worker:
            raise Conflict(f'The background task "{key}" is in the hands of another worker than "{worker}".')
        return int(seconds)

    def _next(self, workspace: str | None) -> ColumnElement[str]:
        """The id of the next task; urgencies are looked at in turn, each in the order of its index."""
        return func.coalesce(*(self._first(urgency, workspace) for urgency in BACKGROUND_PRIORITIES))

    def _first(self, urgency: str, workspace: str | None) -> ScalarSelect[str]:
        ready = [_COLUMNS.status == "PENDING", _COLUMNS.priority == urgency, self._waits_for_none]
        if workspace is not None:
            ready.append(_COLUMNS.workspace_id == workspace)
        oldest = select(_COLUMNS.id).where(*ready).order_by(_COLUMNS.created_at, _COLUMNS.id).limit(1)
        return oldest.with_for_update(skip_locked=True).correlate(None).scalar_subquery()


def _late(now: datetime) -> Select[tuple[str]]:
    return select(_COLUMNS.id).where(_COLUMNS.status == "RUNNING", _COLUMNS.lease_expires_at <= now)


def _expiry(now: datetime) -> Update:
    # Locked rows are skipped: two servers that sweep at once must not wait for each other crosswise.
    last = _COLUMNS.attempts >= _COLUMNS.max_attempts
    why = literal("The worker ") + _COLUMNS.worker_id + " did not renew its lease, and no attempts are left."
    return (
        update(background_tasks)
        .where(_COLUMNS.id.in_(_late(now).with_for_update(skip_locked=True)))
        .values(
            status=case((last, "FAILED"), else_="PENDING"),
            error_message=case((last, why), else_=null()),
            completed_at=case((last, literal(now, Timestamp)), else_=null()),
            started_at=case((last, _COLUMNS.started_at), else_=null()),
            updated_at=now,
            **NO_LEASE,
        )
    )
