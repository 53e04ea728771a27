"""Workspaces over HTTP."""

from typing import Annotated
from uuid import uuid4

from fastapi import Query
from starlette.responses import Response

from server.access import Access
from server.api.answers import answer, listing, shape_of
from server.api.caller import Calling
from server.api.models.base import Deleted, Text
from server.api.models.workspaces import (
    Archive,
    NewWorkspace,
    WorkspaceAnswer,
    WorkspaceChanges,
    WorkspaceList,
    WorkspaceQuery,
)
from server.api.routing import CONFLICT, Running, router
from stores.errors import Conflict
from stores.records.workspaces import DEFAULT, Workspace
from stores.tables import workspaces

routes = router("Workspaces")
shape = shape_of(Workspace)


def _answer(workspace: Workspace, status: int = 200) -> Response:
    return answer({"workspace": shape(workspace)}, status)


@routes.get("/workspaces", response_model=WorkspaceList)
async def list_workspaces(query: Annotated[WorkspaceQuery, Query()], service: Running, caller: Calling) -> Response:
    """List the workspaces, oldest first."""
    visible = caller.among(workspaces.c.id)
    return listing("workspaces", await service.workspaces.list(query.filters(), query.page(), *visible), shape)


@routes.post("/workspaces", status_code=201, response_model=WorkspaceAnswer, responses=CONFLICT)
async def create_workspace(body: NewWorkspace, service: Running, caller: Calling) -> Response:
    """Make a workspace, with its note `spec`."""
    caller.require_everywhere(Access.ADMIN)
    values = {"id": str(uuid4())} | body.values()
    return _answer(await service.workspaces.create(values, service.clock()), 201)


@routes.get("/workspaces/{workspace_id}", response_model=WorkspaceAnswer)
async def read_workspace(workspace_id: Text, service: Running, caller: Calling) -> Response:
    """Give one workspace."""
    caller.require(Access.READ, workspace_id)
    return _answer(await service.workspaces.read(workspace_id))


@routes.patch("/workspaces/{workspace_id}", response_model=WorkspaceAnswer)
async def update_workspace(workspace_id: Text, body: WorkspaceChanges, service: Running, caller: Calling) -> Response:
    """Change a workspace."""
    caller.require(Access.ADMIN, workspace_id)
    return _answer(await service.workspaces.update(workspace_id, body.given(), service.clock()))


@routes.post("/workspaces/{workspace_id}/archive", response_model=WorkspaceAnswer)
async def archive_workspace(
    workspace_id: Text, service: Running, caller: Calling, body: Archive | None = None
) -> Response:
    """Archive a workspace, or make it active again."""
    caller.require(Access.ADMIN, workspace_id)
    status = "archived" if body is None or body.archive else "active"
    return _answer(await service.workspaces.update(workspace_id, {"status": status}, service.clock()))


@routes.delete("/workspaces/{workspace_id}", response_model=Deleted, responses=CONFLICT)
async def delete_workspace(workspace_id: Text, service: Running, caller: Calling) -> Response:
    """Delete a workspace and all that belongs to it; editors of its notes are disconnected."""
    caller.require(Access.ADMIN, workspace_id)
    if workspace_id == DEFAULT:
        raise Conflict(f'The workspace "{DEFAULT}" is always there: delete what is in it instead.')
    notes = await service.notes.records.ids(workspace_id)
    await service.workspaces.delete(workspace_id)
    await service.hub.close_workspace(workspace_id)
    for note in notes:
        service.events.publish("deleted", workspace_id, note, "user")
    return answer({"deleted": True})
