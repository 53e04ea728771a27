"""Notes: what is known of them besides their documents."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, select

from stores.errors import Conflict, NotFound
from stores.notelog import NoteKey
from stores.records.base import Records
from stores.tables import note_updates, notes
from stores.target import Driver


class Note(NamedTuple):
    """A row of ``notes``."""

    id: str
    title: str
    content: str
    """The text as it was when the log was last compacted."""
    workspace_id: str
    created_at: datetime
    updated_at: datetime
    session_id: str | None
    type: str
    task_status: str | None
    assigned_agent_ids: list[str]
    parent_note_id: str | None
    linked_task_id: str | None
    custom: dict[str, str]
    behind: bool
    """Whether the log has something that is not in ``content``."""

    @property
    def key(self) -> NoteKey:
        """Which note this is."""
        return NoteKey(self.workspace_id, self.id)


# Other names than those of the notes' columns: RETURNING on SQLite writes these without their table.
_LOG = select(note_updates.c.workspace_id.label("of_workspace"), note_updates.c.note_id.label("of_note")).subquery()
_BEHIND = exists().where(_LOG.c.of_workspace == notes.c.workspace_id, _LOG.c.of_note == notes.c.id)


class Notes(Records[Note]):
    """All notes. An id is one only within a workspace."""

    table = notes
    record = Note
    noun = "note"

    @cached_property
    def columns(self) -> list[ColumnElement[Any]]:
        """The columns of a record, in the order of its fields."""
        return [_BEHIND if name == "behind" else notes.c[name] for name in Note._fields]

    async def find(self, key: NoteKey) -> Note:
        """Give a note; raises NotFound."""
        rows = await self.database.read_rows(self._by_key(key), {})
        if not rows:
            raise self.missing_at(key)
        return self.make(rows[0])

    async def ids(self, workspace: str) -> list[str]:
        """Give the ids of all notes of a workspace."""
        rows = await self.database.read_rows(select(notes.c.id).where(notes.c.workspace_id == workspace), {})
        return [row[0] for row in rows]

    async def change_at(self, key: NoteKey, changes: Mapping[str, object], now: datetime) -> Note:
        """Change a note and give it back, at least its time of change; raises NotFound."""
        try:
            return await self.update(key.note, {"updated_at": now, **changes}, now, workspace_id=key.workspace)
        except NotFound as error:
            raise self.missing_at(key) from error

    def assigned_to(self, agent: str) -> ColumnElement[bool]:
        """Say that an agent is among those that a note is assigned to."""
        column = notes.c.assigned_agent_ids
        if self.database.target.driver is Driver.POSTGRES:
            return column.op("@>")([agent])
        each = func.json_each(column).table_valued("value", name="assigned")
        return exists().select_from(each).where(each.c.value == agent)

    def taken(self, values: Mapping[str, object]) -> Conflict:
        """Say that a note with this id is there already."""
        return Conflict(f'There is a note "{values["id"]}" in the workspace "{values["workspace_id"]}" already.')

    def missing_at(self, key: NoteKey) -> NotFound:
        """Say that there is no such note."""
        return NotFound(f'There is no note "{key.note}" in the workspace "{key.workspace}".')

    def _by_key(self, key: NoteKey) -> Any:
        this = and_(notes.c.workspace_id == key.workspace, notes.c.id == key.note)
        return select(*self.columns).where(this)
