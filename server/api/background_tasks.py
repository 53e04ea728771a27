"""Background tasks over HTTP: for those who give them, and for the workers that do them."""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import Body, Query
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from server.access import Access
from server.api.answers import answer, listing, shape_of
from server.api.caller import Calling
from server.api.errors import Refusal
from server.api.models import background_tasks as models
from server.api.models.base import Input, Text
from server.api.routing import CONFLICT, Running, router
from server.service import Service
from stores.errors import Conflict
from stores.records.background_tasks import BackgroundTask
from stores.records.queue import Lease

routes = router("Background tasks")
shape = shape_of(BackgroundTask)

_TITLE = 60
"""How many characters of the prompt make a title."""
_POSTED = {"anyOf": [kind.model_json_schema() for kind in (models.NewBackgroundTask, models.DeleteByStatus)]}


def _answer(task: BackgroundTask, status: int = 200) -> Response:
    return answer({"task": shape(task)}, status)


def _leased(lease: Lease) -> Response:
    return answer({"task": shape(lease.task), "leaseExpiresAt": lease.expires_at})


@routes.get("/background-tasks", response_model=models.BackgroundTaskList)
async def list_background_tasks(
    query: Annotated[models.BackgroundTaskQuery, Query()], service: Running, caller: Calling
) -> Response:
    """List the background tasks of a workspace, newest first."""
    caller.require(Access.READ, query.workspace_id)
    listed = await service.background_tasks.list(query.filters(), query.page())
    if not listed.rows:
        await service.workspaces.require(query.workspace_id)
    return listing("tasks", listed, shape)


@routes.post(
    "/background-tasks",
    response_model=models.DeletedByStatus,
    responses={201: {"model": models.BackgroundTaskAnswer, "description": "Made"}, **CONFLICT},
    openapi_extra={"requestBody": {"content": {"application/json": {"schema": _POSTED}}}},
)
async def create_background_task(
    body: Annotated[dict[str, Any], Body()], service: Running, caller: Calling
) -> Response:
    """Make a background task; or, with `action`, delete all that have a status."""
    posted = _read(models.DeleteByStatus if "action" in body else models.NewBackgroundTask, body)
    caller.require(Access.WRITE, posted.workspace_id)
    if isinstance(posted, models.DeleteByStatus):
        return await _delete_by_status(posted, service)
    new: models.NewBackgroundTask = posted
    values = {"id": str(uuid4()), "title": new.prompt[:_TITLE]} | new.values()
    return _answer(await service.background_tasks.create(values, service.clock()), 201)


def _read(kind: type[Input], body: dict[str, Any]) -> Any:
    """Check a body of which there are two kinds; FastAPI would name both in its complaint."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()]) from None


async def _delete_by_status(body: models.DeleteByStatus, service: Service) -> Response:
    filters = body.values()
    del filters["action"]
    count = await service.background_tasks.delete_all(**filters)
    if not count:
        await service.workspaces.require(body.workspace_id)
    message = f"Deleted {count} background task{'' if count == 1 else 's'} with the status {body.status}."
    return answer({"success": True, "deleted": count, "message": message})


@routes.post("/background-tasks/process", response_model=models.Processed)
async def process_background_tasks(service: Running, caller: Calling) -> Response:
    """Look at the queue now: tasks of workers that are gone become ready for others."""
    caller.require_everywhere(Access.WRITE)
    await service.queue.expire(service.clock())
    return answer({"ok": True, "dispatched": True})


@routes.post("/background-tasks/claim", response_model=models.Leased)
async def claim_background_task(body: models.Claim, service: Running, caller: Calling) -> Response:
    """Take the next task that is ready: the most urgent, then the oldest. Nobody else gets it while it is yours."""
    if body.workspace_id is None:
        caller.require_everywhere(Access.WRITE)
    else:
        caller.require(Access.WRITE, body.workspace_id)
    lease = await service.queue.claim(body.worker_id, body.lease_seconds, service.clock(), body.workspace_id)
    if lease is not None:
        return _leased(lease)
    if body.workspace_id is not None:
        await service.workspaces.require(body.workspace_id)
    return answer({})


@routes.get("/background-tasks/{task_id}", response_model=models.BackgroundTaskAnswer)
async def read_background_task(task_id: Text, service: Running, caller: Calling) -> Response:
    """Give one background task."""
    await caller.require_of(Access.READ, service.background_tasks, task_id)
    return _answer(await service.background_tasks.read(task_id))


@routes.patch("/background-tasks/{task_id}", response_model=models.BackgroundTaskAnswer)
async def update_background_task(
    task_id: Text, body: models.BackgroundTaskChanges, service: Running, caller: Calling
) -> Response:
    """Change a background task that is PENDING."""
    await caller.require_of(Access.WRITE, service.background_tasks, task_id)
    try:
        return _answer(await service.background_tasks.edit(task_id, body.given(), service.clock()))
    except Conflict as error:
        raise Refusal(400, str(error)) from error


@routes.delete("/background-tasks/{task_id}", response_model=models.Removed)
async def delete_background_task(task_id: Text, service: Running, caller: Calling, *, force: bool = False) -> Response:
    """Delete a background task; one that is RUNNING is cancelled, or with `force` deleted too."""
    await caller.require_of(Access.WRITE, service.background_tasks, task_id)
    cancelled = await service.background_tasks.remove(task_id, service.clock(), force=force)
    return answer({"success": True}) if cancelled is None else _answer(cancelled)


@routes.post("/background-tasks/{task_id}/retry", response_model=models.BackgroundTaskAnswer)
async def retry_background_task(task_id: Text, service: Running, caller: Calling) -> Response:
    """Make a background task that FAILED wait again, if it has attempts left."""
    await caller.require_of(Access.WRITE, service.background_tasks, task_id)
    try:
        return _answer(await service.background_tasks.retry(task_id, service.clock()))
    except Conflict as error:
        raise Refusal(400, str(error)) from error


@routes.post("/background-tasks/{task_id}/heartbeat", response_model=models.Leased, responses=CONFLICT)
async def renew_background_task(task_id: Text, body: models.Heartbeat, service: Running, caller: Calling) -> Response:
    """Keep a task that was claimed, and say how far it is. 409: it is not yours any more, so stop."""
    await caller.require_of(Access.WRITE, service.background_tasks, task_id)
    progress = body.values()
    worker, seconds = progress.pop("worker_id"), progress.pop("lease_seconds", None)
    return _leased(await service.queue.renew(task_id, worker, service.clock(), seconds, **progress))


@routes.post("/background-tasks/{task_id}/complete", response_model=models.BackgroundTaskAnswer, responses=CONFLICT)
async def complete_background_task(
    task_id: Text, body: models.Completion, service: Running, caller: Calling
) -> Response:
    """Hand in a task that was claimed. 409: it is not yours any more."""
    await caller.require_of(Access.WRITE, service.background_tasks, task_id)
    outcome = body.values()
    return await _finish(task_id, "COMPLETED", outcome | {"task_output": outcome.pop("output", None)}, service)


@routes.post("/background-tasks/{task_id}/fail", response_model=models.BackgroundTaskAnswer, responses=CONFLICT)
async def fail_background_task(task_id: Text, body: models.Breakdown, service: Running, caller: Calling) -> Response:
    """Give a task up. It can be tried again while it has attempts left. 409: it is not yours any more."""
    await caller.require_of(Access.WRITE, service.background_tasks, task_id)
    outcome = body.values()
    return await _finish(task_id, "FAILED", outcome | {"error_message": outcome.pop("message")}, service)


async def _finish(task: str, status: str, outcome: dict[str, Any], service: Service) -> Response:
    worker = outcome.pop("worker_id")
    return _answer(await service.queue.finish(task, worker, service.clock(), status, **outcome))
