"""Edits that name their place by a quotation: for scripts and agents that have read the text and change part of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crdt.text import Edit, apply, is_boundary, rewrite

_SHOWN = 60
"""How many characters of a quotation an error repeats."""


class QuoteError(Exception):
    """The quoted text is not in the note, or there more than once: nothing was changed."""


@dataclass(frozen=True, slots=True)
class Append:
    """Put a text at the end."""

    text: str


@dataclass(frozen=True, slots=True)
class Prepend:
    """Put a text at the start."""

    text: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Put a text right after or right before a quoted one."""

    text: str
    where: Literal["after", "before"]
    quote: str


@dataclass(frozen=True, slots=True)
class Replace:
    """Put a text in the place of a quoted one."""

    quote: str
    text: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Cut a quoted text out."""

    quote: str


Operation: TypeAlias = Append | Prepend | Insert | Replace | Delete


def operate(text: str, operations: Iterable[Operation]) -> list[Edit]:
    """Turn operations into edits, to be carried out in this order; each sees what the ones before it made of the text.

    Raises:
        QuoteError: a quotation is not in the text, or is there more than once. Says which.
    """
    edits: list[Edit] = []
    for number, operation in enumerate(operations, 1):
        try:
            made = _edits(text, operation)
        except QuoteError as error:
            raise QuoteError(f"Operation {number} cannot be done, so nothing was changed: {error}") from None
        text = apply(text, made)
        edits += made
    return edits


def _edits(text: str, operation: Operation) -> list[Edit]:
    if isinstance(operation, Append):
        return [Edit(len(text.encode()), 0, operation.text)]
    if isinstance(operation, Prepend):
        return [Edit(0, 0, operation.text)]
    at = find(text, operation.quote)
    if isinstance(operation, Insert):
        at += len(operation.quote.encode()) if operation.where == "after" else 0
        return [Edit(at, 0, operation.text)]
    new = operation.text if isinstance(operation, Replace) else ""
    return [edit._replace(at=at + edit.at) for edit in rewrite(operation.quote, new)]


def find(text: str, quote: str) -> int:
    """Give the one place of a quotation in a text, in bytes of UTF-8. It begins and ends between characters.

    Raises:
        QuoteError: there is no such place, or more than one.
    """
    places: list[int] = []
    at = text.find(quote)
    while at >= 0 and len(places) < 2:
        if is_boundary(text, at) and is_boundary(text, at + len(quote)):
            places.append(at)
        at = text.find(quote, at + 1)
    if len(places) == 1:
        return len(text[: places[0]].encode())
    shown = quote if len(quote) <= _SHOWN else f"{quote[:_SHOWN]}…"
    if places:
        raise QuoteError(f"The text {shown!r} is in the note more than once; quote more of what stands around it.")
    raise QuoteError(f"The text {shown!r} is not in the note; read the note again and quote it exactly.")
