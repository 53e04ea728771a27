from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from server.api.models import agents, codebases, conversations, tasks, workspaces
from server.api.models.base import FreeJson, Input, Integer, Listing, Model, Moment, Name, NewId, Text, unset
from stores.records.agents import Agent
from stores.records.codebases import Codebase
from stores.records.conversations import Message
from stores.records.page import Page
from stores.records.tasks import Task
from stores.records.workspaces import Workspace


class Sample(Input):
    title: Text = unset()
    note_id: Name | None = None
    new_id: NewId | None = None
    position: Integer | None = None
    at: Moment | None = None
    free: FreeJson = None


class Query(Listing):
    workspace_id: Text = "default"
    status: Text | None = None


def nested(levels: int, inner: object = 1) -> Any:
    return inner if levels == 0 else {"a": [nested(levels - 1, inner)]}


@pytest.mark.parametrize(
    ("model", "record"),
    [
        (workspaces.Workspace, Workspace),
        (codebases.Codebase, Codebase),
        (agents.Agent, Agent),
        (tasks.Task, Task),
        (conversations.Message, Message),
    ],
)
def test_what_is_described_is_what_is_kept(model: type[Model], record: Any) -> None:
    assert tuple(model.model_fields) == record._fields


def test_an_input_gives_what_was_sent() -> None:
    sample = Sample.model_validate({"title": "a", "noteId": None, "other": 1})
    assert sample.given() == {"title": "a", "note_id": None}
    assert sample.values() == {"title": "a"}
    assert Sample().given() == {}


@pytest.mark.parametrize(
    "body",
    [
        {"title": None},
        {"title": 1},
        {"title": "a\0b"},
        {"noteId": ""},
        {"noteId": "x" * 256},
        {"newId": "a/b"},
        {"newId": ".."},
        {"newId": "a\0"},
        {"position": 2**31},
        {"position": -(2**31) - 1},
        {"position": "1"},
        {"position": True},
        {"position": 1.5},
        {"at": "2026-03-29T12:00:00"},
        {"at": "yesterday"},
        {"at": 1774785600},
        {"at": "0001-01-01T00:00:00+05:00"},
        {"free": "a\0"},
        {"free": {"a\0": 1}},
        {"free": {"a": ["b", "\0"]}},
        {"free": nested(60)},
        {"free": nested(60, "text")},
    ],
)
def test_what_could_not_be_kept_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Sample.model_validate(body)


@pytest.mark.parametrize(
    "body",
    [
        {"title": "ü😀\n\t"},
        {"noteId": "a/b"},
        {"noteId": "x" * 255},
        {"newId": "a b?#%"},
        {"position": -(2**31)},
        {"free": None},
        {"free": nested(49, ["text", 1.5, True, None])},
    ],
)
def test_everything_else_comes_through(body: dict[str, object]) -> None:
    (value,) = body.values()
    assert list(Sample.model_validate(body).given().values()) == [value]


def test_an_integer_may_be_written_with_a_fraction_of_zero() -> None:
    assert Sample.model_validate({"position": 5.0}).position == 5


def test_a_moment_is_brought_to_utc() -> None:
    sample = Sample.model_validate({"at": "2026-03-29T14:00:00.5+02:00"})
    assert sample.at == datetime(2026, 3, 29, 12, 0, 0, 500_000, tzinfo=UTC)
    assert sample.at.tzinfo is UTC


def test_a_listing_gives_its_filters_and_its_page() -> None:
    query = Query.model_validate({"status": "a", "limit": "5", "cursor": "c"})
    assert query.filters() == {"workspace_id": "default", "status": "a"}
    assert query.page() == Page(5, "c")
    assert Query().page() == Query(cursor="").page() == Page(1000, None)
