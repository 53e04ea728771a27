"""What all models have in common."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from stores.records.page import MOST, Page

_DEEPEST = 100
"""How many levels of lists and objects a free JSON value may have."""


def _plain(value: str) -> str:
    if "\0" in value:
        raise ValueError("it holds a NUL character, which cannot be kept")
    return value


def _addressable(value: str) -> str:
    if "/" in value or value in (".", ".."):
        raise ValueError("it cannot be a part of a URL")
    return _plain(value)


def _is_string(value: object) -> object:
    if isinstance(value, str):
        return value
    raise ValueError("it must be a string with a date and a time")


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("it has no time zone: end it with Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is too far from today") from None


def _keepable(value: Any) -> Any:
    for depth, text in _strings(value, 1):
        if depth > _DEEPEST:
            raise ValueError(f"it has more than {_DEEPEST} levels")
        _plain(text)
    return value


def _strings(value: Any, depth: int) -> Iterator[tuple[int, str]]:
    if isinstance(value, str) or depth > _DEEPEST:
        yield depth, str(value) if isinstance(value, str) else ""
    elif isinstance(value, dict):
        yield from ((depth, key) for key in value)
        for item in value.values():
            yield from _strings(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, depth + 1)


_NO_NUL = {"pattern": "^[^\\u0000]*$"}

Text = Annotated[str, AfterValidator(_plain), Field(json_schema_extra=_NO_NUL)]
"""Any text that every store can keep."""
Name = Annotated[str, Field(min_length=1, max_length=255, json_schema_extra=_NO_NUL), AfterValidator(_plain)]
"""An id, or another word that is looked up: short, so that it has a place in an index."""
NewId = Annotated[
    str,
    Field(min_length=1, max_length=255, json_schema_extra={"pattern": "^[^/\\u0000]*$"}),
    AfterValidator(_addressable),
]
"""An id that the client chooses: it has to have a place in a URL."""
WHOLE = BeforeValidator(_whole)
"""Lets 5.0 be an integer, as JSON does."""
Integer = Annotated[int, WHOLE, Field(ge=-(2**31), le=2**31 - 1)]
"""An integer of 32 bits."""
Moment = Annotated[
    datetime,
    BeforeValidator(_is_string),
    Field(strict=False),
    AfterValidator(_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment: ISO 8601 with a time zone."""
Strings = dict[Text, Text]
"""A map of strings to strings."""
FreeJson = Annotated[Any, AfterValidator(_keepable)]
"""Any JSON value."""


def unset() -> Any:
    """Give a field that may be left out, but not be null: the value is None only when it was left out."""
    return Field(default_factory=lambda: None)


class Model(BaseModel):
    """A JSON object with keys in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True)


class Input(Model):
    """The body of a request: of exactly these types; other keys are ignored."""

    model_config = ConfigDict(strict=True)

    def given(self) -> dict[str, Any]:
        """Give what was sent by the names of the fields, null included: for a PATCH."""
        return self.model_dump(exclude_unset=True)

    def values(self) -> dict[str, Any]:
        """Give what was sent and all defaults, without null: for a POST."""
        return self.model_dump(exclude_none=True)


class Listing(Model):
    """The query of a list: which page; a noun's own adds its filters, named as the columns are."""

    limit: Annotated[int, Field(ge=1, le=MOST, description="How many there may be in one answer.")] = MOST
    cursor: Annotated[
        Text | None, Field(description="`nextCursor` of the answer before: go on where that one ended.")
    ] = None

    def page(self) -> Page:
        """Give the page that is asked for."""
        return Page(self.limit, self.cursor or None)

    def filters(self) -> dict[str, Any]:
        """Give the filters that are set, by the names of the columns."""
        return self.model_dump(exclude={"limit", "cursor"}, exclude_none=True)


class Failure(Model):
    """Why a request was not done."""

    error: Annotated[str, Field(description="One sentence: what is wrong, where, and what to do.")]
    model_config = ConfigDict(extra="allow")


class Deleted(Model):
    """The answer to a deletion."""

    deleted: bool = True


class Updated(Model):
    """The answer to a change of status."""

    updated: bool = True
