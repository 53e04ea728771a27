import random

import pytest
import regex
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crdt import text as text_module
from crdt.text import Edit, apply, clusters, is_boundary, rewrite
from tests.crdt.typist import Typist

FAMILY = "👨‍👩‍👧‍👦"
PIECES = [
    *"abc .\n\t#1",
    "\r",
    "\r\n",
    "é",
    "e\u0301",
    "\u0301",
    "\u200d",
    "😀",
    FAMILY,
    "👩",
    "👋🏽",
    "🇩🇪",
    "🇫",
    "각",
    "ᄀ",
    "ᅡ",
    "ᆨ",
    "क्षि",
    "\u0600",
    "𝄞",
    "語",
    "\0",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=40)


def bounds(text: str) -> set[int]:
    """The places between clusters, in bytes, by the regex library's own word on the whole text."""
    places = {0}
    for match in regex.finditer(r"\X", text):
        places.add(len(text[: match.end()].encode()))
    return places


def weight(edits: list[Edit]) -> int:
    return sum(edit.removed + len(edit.text.encode()) for edit in edits)


@given(TEXTS | ANY_TEXT, TEXTS | ANY_TEXT)
@example("", "")
@example("a\r\nb", "a\nb")
@example("e\u0301", "e")
@example("🇩🇪🇫🇷", "🇫🇷")
@example(FAMILY, "👨‍👩‍👧")
def test_the_edits_make_the_wanted_text_and_cut_no_cluster(old: str, new: str) -> None:
    edits = rewrite(old, new)
    assert apply(old, edits) == new
    before, after, shift = bounds(old), bounds(new), 0
    for at, removed, inserted in reversed(edits):
        assert {at, at + removed} <= before
        size = len(inserted.encode())
        assert {at + shift, at + shift + size} <= after
        shift += size - removed


@given(TEXTS, TEXTS, TEXTS)
def test_what_is_the_same_at_both_ends_is_left_alone(start: str, middle: str, end: str) -> None:
    old, new = start + end, start + middle + end
    assume(is_boundary(old, len(start)) and is_boundary(new, len(start)) and is_boundary(new, len(start + middle)))
    assert weight(rewrite(old, new)) <= len(middle.encode())
    assert weight(rewrite(new, old)) <= len(middle.encode())


def test_the_edits_are_the_fewest_characters() -> None:
    assert rewrite("the quick fox", "the quack fox") == [Edit(6, 1, "a")]
    assert rewrite("one two three", "one three") == [Edit(5, 4, "")]
    assert rewrite("a😀c", "a😀bc") == [Edit(5, 0, "b")]
    assert rewrite("same", "same") == []
    assert rewrite(f"a{FAMILY}", "a👨") == [Edit(1, len(FAMILY.encode()), "👨")]
    assert rewrite("e", "e\u0301") == [Edit(0, 1, "e\u0301")]
    assert rewrite("kitten sitting", "sitting kitten")[0].at > 0


@given(TEXTS | ANY_TEXT)
def test_clusters_are_those_of_the_standard(text: str) -> None:
    assert clusters(text) == regex.findall(r"\X", text)


@given(TEXTS | ANY_TEXT)
def test_a_boundary_is_found_from_anywhere(text: str) -> None:
    found = {len(text[:at].encode()) for at in range(len(text) + 1) if is_boundary(text, at)}
    assert found == bounds(text)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        rewrite("a", "a\ud83d")


def lines(number: int, seed: int) -> str:
    letters = random.Random(seed)
    return "".join(
        "".join(letters.choices("abcdefghé ", k=33)) + ("\n" if letters.random() < 0.8 else "\n\n")
        for _ in range(number)
    )


def test_a_megabyte_is_compared_by_lines_then_by_characters() -> None:
    old = lines(10_000, 1)
    at = len(old) // 2
    new = "First.\n" + old[:at] + "X" + old[at:] + "Last.\n"
    edits = rewrite(old, new)
    assert apply(old, edits) == new
    assert weight(edits) == len("First.\nXLast.\n")


@pytest.mark.parametrize(
    "old",
    [lines(30_000, 1), lines(30_000, 1).replace("\n", " "), "語" * 300_000, "e\u0301" * 300_000, "\n" * 600_000],
    ids=["lines", "one line", "no spaces", "accents", "empty lines"],
)
def test_a_rewrite_of_a_megabyte_is_bounded_and_right(old: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work = []
    diff = text_module._diff

    def measured(ours: list[str], theirs: list[str]) -> object:
        work.append(len(ours) * len(theirs))
        return diff(ours, theirs)

    monkeypatch.setattr(text_module, "_diff", measured)
    new = "x" + old[1:-1:2] + "y" + old[1::3] + "z"
    edits = rewrite(old, new)
    assert apply(old, edits) == new
    assert len(edits) <= text_module.MAX_EDITS
    assert sum(work) <= text_module.BUDGET + 1


def test_many_small_edits_become_fewer_larger_ones() -> None:
    old = "abcdefgh" * 1_000
    new = old.replace("d", "D").replace("hab", "h-ab")
    edits = rewrite(old, new)
    assert apply(old, edits) == new
    assert len(edits) <= text_module.MAX_EDITS


@given(TEXTS, TEXTS, st.data())
def test_typing_elsewhere_at_the_same_moment_survives(old: str, new: str, data: st.DataObject) -> None:
    server = Typist(1)
    if old:
        server.type(old)
    person = Typist(2, server.state())
    places = sorted(bounds(old))
    typed = person.insert(data.draw(st.sampled_from(places)), "<typed>")
    edits = rewrite(old, new)
    with server.doc.transaction():
        for at, removed, inserted in edits:
            del server.text[at : at + removed]
            server.text.insert(at, inserted)
    whole = server.state()
    person.hear(whole)
    server.hear(typed)
    assert str(server) == str(person)
    assert str(server).count("<typed>") == 1 + new.count("<typed>")
    assert str(server).replace("<typed>", "", 1) == new


def test_edits_are_carried_out_one_after_the_other() -> None:
    assert apply("aé😀", [Edit(7, 0, "z"), Edit(1, 2, "e"), Edit(0, 0, "_")]) == "_ae😀z"
