"""Tasks over HTTP."""

from typing import Annotated
from uuid import uuid4

from fastapi import Query
from starlette.responses import Response

from server.access import Access
from server.api.answers import answer, listing, shape_of
from server.api.caller import Calling
from server.api.models import tasks as models
from server.api.models.base import Deleted, Text, Updated
from server.api.routing import CONFLICT, Running, router
from server.service import Service
from stores.records.page import Listed
from stores.records.tasks import Task
from stores.records.workspaces import DEFAULT

routes = router("Tasks")
shape = shape_of(Task)
_WorkspaceId = Annotated[Text, Query(alias="workspaceId")]


async def _listing(listed: Listed[Task], workspace: str, service: Service) -> Response:
    if not listed.rows:
        await service.workspaces.require(workspace)
    return listing("tasks", listed, shape)


@routes.get("/tasks", response_model=models.TaskList)
async def list_tasks(query: Annotated[models.TaskQuery, Query()], service: Running, caller: Calling) -> Response:
    """List the tasks of a workspace, oldest first."""
    caller.require(Access.READ, query.workspace_id)
    return await _listing(await service.tasks.list(query.filters(), query.page()), query.workspace_id, service)


@routes.get("/tasks/ready", response_model=models.TaskList)
async def list_ready_tasks(query: Annotated[models.ReadyQuery, Query()], service: Running, caller: Calling) -> Response:
    """List the tasks that are PENDING and whose dependencies are all COMPLETED, oldest first."""
    caller.require(Access.READ, query.workspace_id)
    return await _listing(await service.tasks.ready(query.workspace_id, query.page()), query.workspace_id, service)


@routes.post("/tasks", status_code=201, response_model=models.TaskAnswer, responses=CONFLICT)
async def create_task(body: models.NewTask, service: Running, caller: Calling) -> Response:
    """Make a task."""
    caller.require(Access.WRITE, body.workspace_id)
    made = await service.tasks.create({"id": str(uuid4())} | body.values(), service.clock())
    return answer({"task": shape(made)}, 201)


@routes.delete("/tasks", response_model=models.TasksDeleted)
async def delete_tasks(service: Running, caller: Calling, workspace_id: _WorkspaceId = DEFAULT) -> Response:
    """Delete all tasks of a workspace."""
    caller.require(Access.WRITE, workspace_id)
    count = await service.tasks.delete_all(workspace_id=workspace_id)
    if not count:
        await service.workspaces.require(workspace_id)
    return answer({"deleted": count})


@routes.get("/tasks/{task_id}", response_model=models.TaskAnswer)
async def read_task(task_id: Text, service: Running, caller: Calling) -> Response:
    """Give one task."""
    task = await service.tasks.read(task_id)
    caller.check(Access.READ, service.tasks, task)
    return answer({"task": shape(task)})


@routes.patch("/tasks/{task_id}", response_model=models.TaskAnswer, responses=CONFLICT)
async def update_task(task_id: Text, body: models.TaskChanges, service: Running, caller: Calling) -> Response:
    """Change a task; with `version`, only if it is still the one that was read."""
    await caller.require_of(Access.WRITE, service.tasks, task_id)
    changes = body.given()
    only = {"version": changes.pop("version")} if "version" in changes else {}
    return answer({"task": shape(await service.tasks.update(task_id, changes, service.clock(), **only))})


@routes.post("/tasks/{task_id}/status", response_model=Updated)
async def set_task_status(task_id: Text, body: models.TaskStatusChange, service: Running, caller: Calling) -> Response:
    """Set the status of a task."""
    await caller.require_of(Access.WRITE, service.tasks, task_id)
    await service.tasks.update(task_id, body.given(), service.clock())
    return answer({"updated": True})


@routes.delete("/tasks/{task_id}", response_model=Deleted)
async def delete_task(task_id: Text, service: Running, caller: Calling) -> Response:
    """Delete one task."""
    await caller.require_of(Access.WRITE, service.tasks, task_id)
    await service.tasks.delete(task_id)
    return answer({"deleted": True})
