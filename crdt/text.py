"""A new text as the smallest edits of the text that is there, cut between characters as readers see them.

What a reader sees as one character may be several code points: a letter with its accents, a family of emoji (grapheme
clusters, Unicode Standard Annex 29). No edit begins or ends within one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple, TypeAlias

import regex
from rapidfuzz.distance import Indel

BUDGET = 1 << 28
"""How much work one rewrite may be: pieces of the old text times pieces of the new. About 30 ms, and 32 MiB."""

MAX_EDITS = 256
"""How many edits one rewrite may become: the more a note was edited, the longer each takes the native core."""

_MAX_PIECES = 1 << 20
"""How many pieces one comparison may have: there are hardly more code points to number them with."""

_SIMPLE = r"\p{GCB=Other}\p{GCB=Control}\p{GCB=LV}\p{GCB=LVT}\n"
"""Characters of which any two in a row are two clusters, whatever stands around them."""

_TWO_CLUSTERS = regex.compile(rf"[{_SIMPLE}][{_SIMPLE}]|[^\p{{GCB=Prepend}}\r][\0-\x7f]")
_NOT_SIMPLE = regex.compile(f"[^{_SIMPLE}]")
_CLUSTER = regex.compile(r"\X")
_CLUSTERS = regex.compile(rf"[{_SIMPLE}]+(?![^{_SIMPLE}])|\X")
_WORDS = regex.compile(rf"(?s).+? (?![^{_SIMPLE}])|.+")
_LINES = regex.compile(r"(?s).+?\n|.+")
_PARAGRAPHS = regex.compile(r"(?s).+?\n\n+|.+")


def clusters(text: str) -> list[str]:
    """Cut a text into its grapheme clusters."""
    cut: list[str] = []
    for piece in _CLUSTERS.findall(text):
        if _NOT_SIMPLE.search(piece):
            cut.append(piece)
        else:
            cut += piece
    return cut


Cut: TypeAlias = Callable[[str], Sequence[str]]
"""A way to cut a text into pieces that end between clusters."""

_CUTS: tuple[Cut, ...] = (_PARAGRAPHS.findall, _LINES.findall, _WORDS.findall, clusters)
"""The finest is the last."""


class Edit(NamedTuple):
    """Something to cut out of a text and something to put there."""

    at: int
    """Where, in bytes of UTF-8, as the native core counts."""
    removed: int
    """How many bytes to cut out."""
    text: str
    """What to put there."""


class _Change(NamedTuple):
    """A stretch of the old text, in code points, and what the new one has in its place."""

    start: int
    end: int
    text: str


def rewrite(old: str, new: str) -> list[Edit]:
    """Give the edits that make one text of another, the last one first, so that none moves the place of the next.

    They delete and insert as few characters as possible. Where finding these would go beyond ``BUDGET``, words, lines
    or paragraphs are compared first; where there would be more than ``MAX_EDITS``, what is close together becomes one.

    Raises:
        UnicodeEncodeError: the new text has half a character (a lone surrogate).
    """
    new.encode()
    start, end = _shared(old, new)
    changes = _changes(old[start : len(old) - end], new[start : len(new) - end], _CUTS, [BUDGET])
    shifted = [_Change(start + change.start, start + change.end, change.text) for change in changes]
    return _edits(old, _joined(old, shifted))


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Carry out edits on a text, one after the other."""
    raw = text.encode()
    for at, removed, inserted in edits:
        raw = raw[:at] + inserted.encode() + raw[at + removed :]
    return raw.decode()


def is_boundary(text: str, at: int) -> bool:
    """Whether a place in a text, counted in code points, lies between two clusters."""
    begin = at
    while not _is_safe(text, begin):
        begin -= 1
    ends = (cluster.end() for cluster in _CLUSTER.finditer(text, begin))
    return begin == at or next(end for end in ends if end >= at) == at


def _is_safe(text: str, at: int) -> bool:
    """Whether the two characters around a place alone show that it lies between two clusters."""
    return at in (0, len(text)) or _TWO_CLUSTERS.match(text, at - 1) is not None


def _shared(old: str, new: str) -> tuple[int, int]:
    """How many code points two texts share at their start and at their end, up to places between clusters of both."""
    shorter = min(len(old), len(new))
    start = _longest(shorter, lambda low, high: old[low:high] == new[low:high])
    while not (_is_safe(old, start) and _is_safe(new, start)):
        start -= 1
    ours, theirs = len(old), len(new)
    end = _longest(
        shorter - start, lambda low, high: old[ours - high : ours - low] == new[theirs - high : theirs - low]
    )
    while not (_is_safe(old, ours - end) and _is_safe(new, theirs - end)):
        end -= 1
    return start, end


def _longest(most: int, is_same: Callable[[int, int], bool]) -> int:
    """How far two texts are the same, by comparing halves."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if is_same(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def _changes(old: str, new: str, cuts: Sequence[Cut], budget: list[int]) -> Iterator[_Change]:
    """Compare two stretches of text as finely as the budget allows, and what differs then more finely."""
    if not (old and new and cuts):
        if old or new:
            yield _Change(0, len(old), new)
        return
    ours, theirs, finer = _cut(old, new, cuts, budget)
    for start, end, text in _diff(ours, theirs):
        for change in _changes(old[start:end], text, finer, budget):
            yield _Change(start + change.start, start + change.end, change.text)


def _cut(
    old: str, new: str, cuts: Sequence[Cut], budget: list[int]
) -> tuple[Sequence[str], Sequence[str], Sequence[Cut]]:
    """Cut two stretches of text as finely as the budget allows, and say which finer cuts there are."""
    for depth in reversed(range(len(cuts))):
        if cuts[depth] is clusters and len(old) * len(new) > budget[0]:
            continue  # this cut takes long, and hardly ever gives so few pieces that it would do
        ours, theirs = cuts[depth](old), cuts[depth](new)
        work = len(ours) * len(theirs)
        if work <= budget[0] and len(ours) + len(theirs) <= _MAX_PIECES:
            budget[0] -= work
            return ours, theirs, cuts[depth + 1 :]
    return [old], [new], ()


def _diff(old: Sequence[str], new: Sequence[str]) -> Iterator[_Change]:
    """Find the fewest pieces to delete and to insert."""
    numbers: dict[str, int] = {}
    ours, theirs = (  # the library is fastest with strings: each different piece becomes a character
        "".join(chr(numbers.setdefault(piece, len(numbers))) for piece in pieces) for pieces in (old, new)
    )
    places = [0, *accumulate(map(len, old))]
    for same, group in groupby(Indel.opcodes(ours, theirs), lambda step: step.tag == "equal"):
        if not same:
            steps = list(group)
            inserted = new[steps[0].dest_start : steps[-1].dest_end]
            yield _Change(places[steps[0].src_start], places[steps[-1].src_end], "".join(inserted))


def _joined(old: str, changes: list[_Change]) -> list[_Change]:
    """Make one change of those that are close together, until there are few enough."""
    gap = 1
    while len(changes) > MAX_EDITS:
        joined = changes[:1]
        for change in changes[1:]:
            last = joined[-1]
            if change.start - last.end <= gap:
                joined[-1] = _Change(last.start, change.end, last.text + old[last.end : change.start] + change.text)
            else:
                joined.append(change)
        changes, gap = joined, 2 * gap
    return changes


def _edits(old: str, changes: Iterable[_Change]) -> list[Edit]:
    edits = []
    end = at = 0
    for change in changes:
        at += len(old[end : change.start].encode())
        removed = len(old[change.start : change.end].encode())
        edits.append(Edit(at, removed, change.text))
        at += removed
        end = change.end
    return edits[::-1]
