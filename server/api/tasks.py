"""Tasks over HTTP."""

from typing import Annotated
from uuid import uuid4

from fastapi import Query
from starlette.responses import Response

from server.api.answers import answer, listing, shape_of
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
async def list_tasks(query: Annotated[models.TaskQuery, Query()], service: Running) -> Response:
    """List the tasks of a workspace, oldest first."""
    return await _listing(await service.tasks.list(query.filters(), query.page()), query.workspace_id, service)


@routes.get("/tasks/ready", response_model=models.TaskList)
async def list_ready_tasks(query: Annotated[models.ReadyQuery, Query()], service: Running) -> Response:
    """List the tasks that are PENDING and whose dependencies are all COMPLETED, oldest first."""
    return await _listing(await service.tasks.ready(query.workspace_id, query.page()), query.workspace_id, service)


@routes.post("/tasks", status_code=201, response_model=models.TaskAnswer, responses=CONFLICT)
async def create_task(body: models.NewTask, service: Running) -> Response:
    """Make a task."""
    made = await service.tasks.create({"id": str(uuid4())} | body.values(), service.clock())
    return answer({"task": shape(made)}, 201)


@routes.delete("/tasks", response_model=models.TasksDeleted)
async def delete_tasks(service: Running, workspace_id: _WorkspaceId = DEFAULT) -> Response:
    """Delete all tasks of a workspace."""
    count = await service.tasks.delete_all(workspace_id=workspace_id)
    if not count:
        await service.workspaces.require(workspace_id)
    return answer({"deleted": count})


@routes.get("/tasks/{task_id}", response_model=models.TaskAnswer)
async def read_task(task_id: Text, service: Running) -> Response:
    """Give one task."""
    return answer({"task": shape(await service.tasks.read(task_id))})


@routes.patch("/tasks/{task_id}", response_model=models.TaskAnswer, responses=CONFLICT)
async def update_task(task_id: Text, body: models.TaskChanges, service: Running) -> Response:
    """Change a task; with `version`, only if it is still the one that was read."""
    changes = body.given()
    only = {"version": changes.pop("version")} if "version" in changes else {}
    return answer({"task": shape(await service.tasks.update(task_id, changes, service.clock(), **only))})


@routes.post("/tasks/{task_id}/status", response_model=Updated)
async def set_task_status(task_id: Text, body: models.TaskStatusChange, service: Running) -> Response:
    """Set the status of a task."""
    await service.tasks.update(task_id, body.given(), service.clock())
    return answer({"updated": True})


@routes.delete("/tasks/{task_id}", response_model=Deleted)
async def delete_task(task_id: Text, service: Running) -> Response:
    """Delete one task."""
    await service.tasks.delete(task_id)
    return answer({"deleted": True})
