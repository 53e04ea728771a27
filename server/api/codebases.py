"""Codebases over HTTP."""

from typing import Annotated
from uuid import uuid4

from fastapi import Query
from starlette.responses import Response

from server.access import Access
from server.api.answers import answer, listing, shape_of
from server.api.caller import Calling
from server.api.models.base import Deleted, Text
from server.api.models.codebases import CodebaseAnswer, CodebaseChanges, CodebaseList, CodebaseQuery, NewCodebase
from server.api.routing import CONFLICT, Running, router
from stores.records.codebases import Codebase

routes = router("Codebases")
shape = shape_of(Codebase)


def _answer(codebase: Codebase, status: int = 200) -> Response:
    return answer({"codebase": shape(codebase)}, status)


@routes.get("/workspaces/{workspace_id}/codebases", response_model=CodebaseList)
async def list_codebases(
    workspace_id: Text, query: Annotated[CodebaseQuery, Query()], service: Running, caller: Calling
) -> Response:
    """List the codebases of a workspace, oldest first."""
    caller.require(Access.READ, workspace_id)
    listed = await service.codebases.list({"workspace_id": workspace_id}, query.page())
    if not listed.rows:
        await service.workspaces.require(workspace_id)
    return listing("codebases", listed, shape)


@routes.post("/workspaces/{workspace_id}/codebases", status_code=201, response_model=CodebaseAnswer, responses=CONFLICT)
async def create_codebase(workspace_id: Text, body: NewCodebase, service: Running, caller: Calling) -> Response:
    """Add a codebase to a workspace; the first one becomes its default."""
    caller.require(Access.WRITE, workspace_id)
    values = {"id": str(uuid4()), "workspace_id": workspace_id} | body.values()
    return _answer(await service.codebases.create(values, service.clock()), 201)


@routes.delete("/workspaces/{workspace_id}/codebases/{codebase_id}", response_model=Deleted)
async def delete_codebase_of_workspace(
    workspace_id: Text, codebase_id: Text, service: Running, caller: Calling
) -> Response:
    """Delete a codebase of this workspace; when it was the default, the oldest that is left becomes it."""
    caller.require(Access.WRITE, workspace_id)
    await service.codebases.remove(codebase_id, service.clock(), workspace_id)
    return answer({"deleted": True})


@routes.get("/codebases/{codebase_id}", response_model=CodebaseAnswer)
async def read_codebase(codebase_id: Text, service: Running, caller: Calling) -> Response:
    """Give one codebase."""
    await caller.require_of(Access.READ, service.codebases, codebase_id)
    return _answer(await service.codebases.read(codebase_id))


@routes.patch("/codebases/{codebase_id}", response_model=CodebaseAnswer, responses=CONFLICT)
async def update_codebase(codebase_id: Text, body: CodebaseChanges, service: Running, caller: Calling) -> Response:
    """Change a codebase."""
    await caller.require_of(Access.WRITE, service.codebases, codebase_id)
    return _answer(await service.codebases.update(codebase_id, body.given(), service.clock()))


@routes.delete("/codebases/{codebase_id}", response_model=Deleted)
async def delete_codebase(codebase_id: Text, service: Running, caller: Calling) -> Response:
    """Delete a codebase; when it was the default, the oldest that is left becomes it."""
    await caller.require_of(Access.WRITE, service.codebases, codebase_id)
    await service.codebases.remove(codebase_id, service.clock())
    return answer({"deleted": True})


@routes.post("/codebases/{codebase_id}/default", response_model=CodebaseAnswer)
async def choose_default_codebase(codebase_id: Text, service: Running, caller: Calling) -> Response:
    """Make a codebase the default of its workspace, in the place of the one that was."""
    await caller.require_of(Access.WRITE, service.codebases, codebase_id)
    return _answer(await service.codebases.choose(codebase_id, service.clock()))
