"""Notes, as clients see and send them."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from crdt import operations
from server.address import MAX_ID_LENGTH
from server.api.models.base import Input, Listing, Model, Name, NewId, Strings, Text, unset
from server.api.models.words import NoteType, TaskStatus

MAX_OPERATIONS = 1_000
"""How many operations one request may have."""

Source = Annotated[Literal["agent", "user", "system"], Field(description="Who does it, for those who listen.")]


def _printable(value: str) -> str:
    if any(unicodedata.category(character) == "Cc" for character in value):
        raise ValueError("it holds a control character")
    return value


NoteId = Annotated[NewId, Field(max_length=MAX_ID_LENGTH), AfterValidator(_printable)]
"""An id that can stand in the address of a WebSocket, too."""
Quote = Annotated[Text, Field(min_length=1, description="A text that is in the note exactly once.")]


class NoteMetadata(Model):
    """What a note is about."""

    type: NoteType
    task_status: TaskStatus = unset()
    assigned_agent_ids: list[str] = unset()
    parent_note_id: str = unset()
    linked_task_id: str = unset()
    custom: dict[str, str] = unset()


class Person(Model):
    """Somebody who is in a note, as their editor calls them."""

    name: str
    color: str = unset()
    kind: Literal["person", "agent"]


class Present(Model):
    """Who is in a note at this moment, on this server."""

    count: int
    people: list[Person]


class Note(Model):
    """A text that many may edit at once."""

    id: str
    title: str
    content: Annotated[str, Field(description="Its text; left out where `content=false` was asked for.")] = unset()
    workspace_id: str
    metadata: NoteMetadata
    created_at: datetime
    updated_at: datetime
    session_id: str = unset()
    present: Present = unset()


class NoteAnswer(Model):
    """A note under its name."""

    note: Note


class NoteGroup(Model):
    """The notes of one session, or those of none."""

    session_id: str = unset()
    session_name: str = unset()
    notes: list[Note]


class NoteList(Model):
    """A page of notes, oldest first; with `noteId` one note, with `groupBy` the page in groups."""

    notes: list[Note] = unset()
    note: Note = unset()
    groups: list[NoteGroup] = unset()
    next_cursor: str = unset()


class NoteDeleted(Model):
    """The answer to a deletion."""

    deleted: bool = True
    note_id: str


class NoteQuery(Listing):
    """Which notes to list."""

    workspace_id: Text = "default"
    type: NoteType | None = None
    session_id: Text | None = None
    assigned_agent_id: Annotated[Text | None, Field(description="An agent that they are assigned to.")] = None
    note_id: Annotated[Text | None, Field(description="Give this one alone, as `note`.")] = None
    group_by: Annotated[Literal["session"] | None, Field(description="Give them in `groups`.")] = None
    content: Annotated[bool, Field(description="Whether a list has the texts.")] = True

    def columns(self) -> dict[str, Any]:
        """Give the filters that are columns."""
        special = ("assigned_agent_id", "note_id", "group_by", "content")
        return {name: value for name, value in self.filters().items() if name not in special}


class Metadata(Input):
    """What is known of a note; what is left out stays as it is."""

    type: NoteType = unset()
    task_status: TaskStatus | None = None
    assigned_agent_ids: list[Name] = unset()
    parent_note_id: Name | None = None
    linked_task_id: Name | None = None
    custom: Strings = unset()


class _Fields(Input):
    title: Text = unset()
    content: Annotated[Text, Field(description="The text; people's typing is merged with it, not lost.")] = unset()
    type: NoteType = unset()
    metadata: Metadata = unset()
    session_id: Name | None = None
    source: Source = "user"

    def columns(self, given: dict[str, Any]) -> dict[str, Any]:
        """Give what is to be written in a note's row, of what was given."""
        changes: dict[str, Any] = {name: given[name] for name in ("title", "type", "session_id") if name in given}
        metadata: dict[str, Any] = given.get("metadata", {})
        return changes | metadata


class NoteChanges(_Fields):
    """What is to change; null takes an optional value away."""


class NewNote(_Fields):
    """A note to be made, or if it is there already, what is to change."""

    note_id: NoteId | None = None
    workspace_id: Name = "default"


class Append(Input):
    """Put a text at the end."""

    op: Literal["append"]
    text: Text

    def operation(self) -> operations.Operation:
        """Give what is to be done."""
        return operations.Append(self.text)


class Prepend(Input):
    """Put a text at the start."""

    op: Literal["prepend"]
    text: Text

    def operation(self) -> operations.Operation:
        """Give what is to be done."""
        return operations.Prepend(self.text)


class Insert(Input):
    """Put a text right after or right before a quoted one."""

    op: Literal["insert"]
    text: Text
    after: Quote | None = None
    before: Quote | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "Insert":
        if (self.after is None) == (self.before is None):
            raise ValueError('give either "after" or "before"')
        return self

    def operation(self) -> operations.Operation:
        """Give what is to be done."""
        if self.after is not None:
            return operations.Insert(self.text, "after", self.after)
        return operations.Insert(self.text, "before", self.before or "")


class Replace(Input):
    """Put a text in the place of a quoted one."""

    op: Literal["replace"]
    quote: Quote
    text: Text

    def operation(self) -> operations.Operation:
        """Give what is to be done."""
        return operations.Replace(self.quote, self.text)


class Delete(Input):
    """Cut a quoted text out."""

    op: Literal["delete"]
    quote: Quote

    def operation(self) -> operations.Operation:
        """Give what is to be done."""
        return operations.Delete(self.quote)


Operation = Annotated[Append | Prepend | Insert | Replace | Delete, Field(discriminator="op")]


class Edits(Input):
    """Changes of a note's text, done in this order: all of them or none."""

    operations: Annotated[list[Operation], Field(min_length=1, max_length=MAX_OPERATIONS)]
    source: Source = "agent"
