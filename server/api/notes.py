"""Notes over HTTP: their texts are those of the open rooms, and edits are merged with what people type."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any
from uuid import uuid4

from fastapi import Header, Query
from starlette.responses import Response

from crdt.operations import operate
from server.access import Access
from server.api import etag
from server.api.answers import answer
from server.api.caller import Calling
from server.api.errors import Refusal
from server.api.models import notes as models
from server.api.models.base import Failure, Text
from server.api.routing import CONFLICT, Running, router
from server.livenotes import outline, shape
from server.service import Service
from stores.errors import Conflict, NotFound
from stores.notelog import NoteKey
from stores.records.notes import Note
from stores.records.workspaces import DEFAULT

routes = router("Notes")
_MOVED_ON: dict[int | str, dict[str, Any]] = {
    412: {"model": Failure, "description": "The text is not the one that `If-Match` names"}
}
_MARKDOWN: dict[int | str, dict[str, Any]] = {
    200: {"description": "The text", "content": {"text/markdown": {"schema": {"type": "string"}}}},
    304: {"description": "The client has this text"},
}
_NoteId = Annotated[Text, Query(alias="noteId")]
_WorkspaceId = Annotated[Text, Query(alias="workspaceId")]
_IfMatch = Annotated[Text | None, Header(description="The entity tag of the text that was read: else 412.")]
_IfNoneMatch = Annotated[Text | None, Header(description="The entity tag of a text that need not be sent again.")]


def _answer(note: Note, status: int = 200) -> Response:
    return answer({"note": shape(note)}, status, {"ETag": etag.tag(note.content)})


def _publish(service: Service, kind: Any, note: Note, source: models.Source) -> None:
    service.events.publish(kind, note.workspace_id, note.id, source, shape(note))


@routes.get("/notes", response_model=models.NoteList)
async def list_notes(query: Annotated[models.NoteQuery, Query()], service: Running, caller: Calling) -> Response:
    """List the notes of a workspace, oldest first; or give one, or the list in groups."""
    if query.note_id is not None:
        caller.require(Access.READ, query.workspace_id, query.note_id)
        return _answer(await service.notes.read(NoteKey(query.workspace_id, query.note_id)))
    agent = query.assigned_agent_id
    assigned = [] if agent is None else [service.notes.records.assigned_to(agent)]
    where = [*assigned, *caller.notes_in(query.workspace_id)]
    listed = await service.notes.list(query.columns(), query.page(), *where, texts=query.content)
    if not listed.rows:
        await service.workspaces.require(query.workspace_id)
    shaped = shape if query.content else outline
    notes = [shaped(note) | service.attendance.shape(note.key) for note in listed.rows]
    content = {"groups": _groups(notes)} if query.group_by else {"notes": notes}
    return answer(content | ({"nextCursor": listed.next_cursor} if listed.next_cursor else {}))


def _groups(shaped: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str | None, list[dict[str, Any]]] = {}
    for note in shaped:
        groups.setdefault(note.get("sessionId"), []).append(note)
    return [
        ({} if session is None else {"sessionId": session, "sessionName": session}) | {"notes": notes}
        for session, notes in groups.items()
    ]


@routes.post("/notes", response_model=models.NoteAnswer, responses={201: {"model": models.NoteAnswer}, **_MOVED_ON})
async def save_note(body: models.NewNote, service: Running, caller: Calling, if_match: _IfMatch = None) -> Response:
    """Make a note (201); or change what was given of it, if it is there already (200)."""
    key = NoteKey(body.workspace_id, body.note_id or str(uuid4()))
    caller.require(Access.WRITE, *key)
    try:
        await service.notes.records.find(key)
    except NotFound:
        if if_match is None:
            caller.require(Access.WRITE, key.workspace)
            made = await _create(key, body, service)
            if made is not None:
                return _answer(made, 201)
    return _answer(await _change(key, body, body.values(), service, if_match))


async def _create(key: NoteKey, body: models.NewNote, service: Service) -> Note | None:
    """Make a note; nothing when somebody else just did."""
    values = body.columns(body.values())
    if "title" not in values:
        await service.workspaces.require(key.workspace)
        raise Refusal(400, 'The field "title" is missing.', field="title")
    values |= {"id": key.note, "workspace_id": key.workspace}
    try:
        note = await service.notes.create(values, body.content or "", service.clock())
    except Conflict:
        return None
    _publish(service, "created", note, body.source)
    return note


async def _change(
    key: NoteKey, body: models.NoteChanges | models.NewNote, given: dict[str, Any], service: Service, seen: str | None
) -> Note:
    check, columns = partial(etag.require, seen), body.columns(given)
    if "content" in given:
        await service.notes.rewrite(key, given["content"], check)
    else:
        note = await service.notes.read(key)
        check(note.content)
        if not columns:
            return note
    await service.notes.records.change_at(key, columns, service.clock())
    note = await service.notes.read(key)
    _publish(service, "updated", note, body.source)
    return note


@routes.delete("/notes", response_model=models.NoteDeleted, responses=_MOVED_ON)
async def delete_note_of(
    note_id: _NoteId,
    service: Running,
    caller: Calling,
    workspace_id: _WorkspaceId = DEFAULT,
    source: models.Source = "user",
    if_match: _IfMatch = None,
) -> Response:
    """Delete a note; its editors are disconnected."""
    caller.require(Access.WRITE, workspace_id)
    await service.notes.delete(NoteKey(workspace_id, note_id), partial(etag.require, if_match))
    service.events.publish("deleted", workspace_id, note_id, source)
    return answer({"deleted": True, "noteId": note_id})


@routes.get("/notes/{workspace_id}/{note_id}", response_model=models.NoteAnswer)
async def read_note(workspace_id: Text, note_id: Text, service: Running, caller: Calling) -> Response:
    """Give one note. The `ETag` is that of its text."""
    caller.require(Access.READ, workspace_id, note_id)
    return _answer(await service.notes.read(NoteKey(workspace_id, note_id)))


@routes.patch("/notes/{workspace_id}/{note_id}", response_model=models.NoteAnswer, responses=_MOVED_ON)
async def update_note(
    workspace_id: Text,
    note_id: Text,
    body: models.NoteChanges,
    service: Running,
    caller: Calling,
    if_match: _IfMatch = None,
) -> Response:
    """Change a note. Its text is edited where it differs, merged with what people type."""
    caller.require(Access.WRITE, workspace_id, note_id)
    return _answer(await _change(NoteKey(workspace_id, note_id), body, body.given(), service, if_match))


@routes.delete("/notes/{workspace_id}/{note_id}", response_model=models.NoteDeleted, responses=_MOVED_ON)
async def delete_note(
    workspace_id: Text,
    note_id: Text,
    service: Running,
    caller: Calling,
    source: models.Source = "user",
    if_match: _IfMatch = None,
) -> Response:
    """Delete a note; its editors are disconnected."""
    return await delete_note_of(note_id, service, caller, workspace_id, source, if_match)


@routes.post(
    "/notes/{workspace_id}/{note_id}/edits", response_model=models.NoteAnswer, responses={**CONFLICT, **_MOVED_ON}
)
async def edit_note(
    workspace_id: Text, note_id: Text, body: models.Edits, service: Running, caller: Calling, if_match: _IfMatch = None
) -> Response:
    """Edit a note's text in places that are quoted: all operations, or none (409) when a quotation is not found once.

    Each operation sees what the ones before it made of the text.
    """
    caller.require(Access.WRITE, workspace_id, note_id)
    key = NoteKey(workspace_id, note_id)
    operations = [operation.operation() for operation in body.operations]

    def change(text: str) -> Any:
        etag.require(if_match, text)
        return operate(text, operations)

    await service.notes.edit(key, change)
    await service.notes.records.change_at(key, {}, service.clock())
    note = await service.notes.read(key)
    _publish(service, "updated", note, body.source)
    return _answer(note)


@routes.get("/notes/{workspace_id}/{note_id}/content", response_class=Response, responses=_MARKDOWN)
async def read_content(
    workspace_id: Text, note_id: Text, service: Running, caller: Calling, if_none_match: _IfNoneMatch = None
) -> Response:
    """Give the text of a note as it is at this moment."""
    caller.require(Access.READ, workspace_id, note_id)
    text = (await service.notes.read(NoteKey(workspace_id, note_id))).content
    headers = {"ETag": etag.tag(text)}
    if if_none_match is not None and etag.names(if_none_match, text):
        return Response(status_code=304, headers=headers)
    return Response(text, 200, headers, "text/markdown")
