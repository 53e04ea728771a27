"""Edits of the plain text in a ``Y.Text`` that may hold things that are none, such as images: they stay in place."""

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise

from pycrdt import Text

from crdt.text import Edit


class NotPlainText(Exception):
    """The note holds something that cannot be told from text, so its text cannot be edited here."""


def carry_out(text: Text, edits: Iterable[Edit]) -> None:
    """Edit a text, within a transaction.

    Raises:
        NotPlainText: places in the plain text cannot be found. Nothing was changed.
    """
    embeds = _embeds(text)
    for at, removed, inserted in edits:
        inner = [place for place in embeds if at < place < at + removed]
        for start, end in reversed(list(pairwise([at, *inner, at + removed]))):
            first = start + bisect_right(embeds, start)
            del text[first : first + end - start]
        text.insert(at + bisect_right(embeds, at), inserted)
        growth = len(inserted.encode())
        embeds = [place if place <= at else max(at, place - removed) + growth for place in embeds]


def _embeds(text: Text) -> list[int]:
    """Where in the plain text, in bytes, something stands that is none: the native core counts one for each."""
    plain = len(str(text).encode())
    if len(text) == plain:
        return []
    embeds, at = [], 0
    for value, _ in text.diff():
        if isinstance(value, str):
            at += len(value.encode())
        else:
            embeds.append(at)
    if at != plain or len(text) != plain + len(embeds):
        raise NotPlainText
    return embeds
