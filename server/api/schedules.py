"""Schedules over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import uuid4

from fastapi import Query
from starlette.responses import Response

from server.access import Access
from server.api.answers import answer, listing, shape_of
from server.api.caller import Calling
from server.api.errors import Refusal
from server.api.models import schedules as models
from server.api.models.background_tasks import BackgroundTaskAnswer
from server.api.models.base import Deleted, Text
from server.api.routing import Running, router
from server.cron import BadCron, next_run
from server.ticker import prompt_of
from stores.records.background_tasks import BackgroundTask
from stores.records.schedules import Schedule

routes = router("Schedules")
shape = shape_of(Schedule)
_task_shape = shape_of(BackgroundTask)


def _answer(schedule: Schedule, status: int = 200) -> Response:
    return answer({"schedule": shape(schedule)}, status)


def _next_run(expression: str, now: datetime) -> datetime:
    try:
        return next_run(expression, now)
    except BadCron as error:
        raise Refusal(400, f'The field "cronExpr" is not valid: {error}', field="cronExpr") from None


@routes.get("/schedules", response_model=models.ScheduleList)
async def list_schedules(
    query: Annotated[models.ScheduleQuery, Query()], service: Running, caller: Calling
) -> Response:
    """List the schedules of a workspace, oldest first."""
    caller.require(Access.READ, query.workspace_id)
    listed = await service.schedules.list(query.filters(), query.page())
    if not listed.rows:
        await service.workspaces.require(query.workspace_id)
    return listing("schedules", listed, shape)


@routes.post("/schedules", status_code=201, response_model=models.ScheduleAnswer)
async def create_schedule(body: models.NewSchedule, service: Running, caller: Calling) -> Response:
    """Make a schedule."""
    caller.require(Access.WRITE, body.workspace_id)
    now = service.clock()
    values = {"id": str(uuid4()), "next_run_at": _next_run(body.cron_expr, now)} | body.values()
    return _answer(await service.schedules.create(values, now), 201)


@routes.get("/schedules/tick", response_model=models.Fired, operation_id="tickByGet")
@routes.post("/schedules/tick", response_model=models.Fired)
async def tick(service: Running, caller: Calling) -> Response:
    """Enqueue a background task for every schedule that is due; the server does so by itself every second."""
    caller.require_everywhere(Access.WRITE)
    fired = await service.ticker.tick()
    return answer({"fired": len(fired), "scheduleIds": fired})


@routes.get("/schedules/{schedule_id}", response_model=models.ScheduleAnswer)
async def read_schedule(schedule_id: Text, service: Running, caller: Calling) -> Response:
    """Give one schedule."""
    await caller.require_of(Access.READ, service.schedules, schedule_id)
    return _answer(await service.schedules.read(schedule_id))


@routes.patch("/schedules/{schedule_id}", response_model=models.ScheduleAnswer)
async def update_schedule(
    schedule_id: Text, body: models.ScheduleChanges, service: Running, caller: Calling
) -> Response:
    """Change a schedule. What it missed while it was not enabled is not made up for."""
    await caller.require_of(Access.WRITE, service.schedules, schedule_id)
    now = service.clock()
    changes = body.given()
    before = await service.schedules.read(schedule_id)
    if "cron_expr" in changes or (changes.get("enabled") and not before.enabled):
        changes["next_run_at"] = _next_run(changes.get("cron_expr", before.cron_expr), now)
    return _answer(await service.schedules.update(schedule_id, changes, now))


@routes.delete("/schedules/{schedule_id}", response_model=Deleted)
async def delete_schedule(schedule_id: Text, service: Running, caller: Calling) -> Response:
    """Delete a schedule; the tasks that it enqueued stay."""
    await caller.require_of(Access.WRITE, service.schedules, schedule_id)
    await service.schedules.delete(schedule_id)
    return answer({"deleted": True})


@routes.post("/schedules/{schedule_id}/run", response_model=BackgroundTaskAnswer)
async def run_schedule(schedule_id: Text, service: Running, caller: Calling) -> Response:
    """Enqueue a background task now; the next run stays as it was."""
    await caller.require_of(Access.WRITE, service.schedules, schedule_id)
    now = service.clock()
    schedule = await service.schedules.read(schedule_id)
    task = await service.schedules.run(schedule, prompt_of(schedule, now), now)
    return answer({"task": _task_shape(task)})
