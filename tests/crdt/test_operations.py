import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.operations import Append, Delete, Insert, Operation, Prepend, QuoteError, Replace, find, operate
from crdt.text import apply, is_boundary
from tests.crdt.test_text import FAMILY, TEXTS


def done(text: str, *operations: Operation) -> str:
    return apply(text, operate(text, operations))


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        (Append("!"), "one 😀 two!"),
        (Prepend("!"), "!one 😀 two"),
        (Insert("!", "after", "😀"), "one 😀! two"),
        (Insert("!", "before", "😀"), "one !😀 two"),
        (Replace("😀 two", "👋🏽 two"), "one 👋🏽 two"),
        (Delete(" 😀"), "one two"),
    ],
)
def test_each_operation(operation: Operation, after: str) -> None:
    assert done("one 😀 two", operation) == after


def test_each_operation_sees_what_the_ones_before_it_made() -> None:
    assert done("a", Append("b"), Insert("c", "after", "ab"), Delete("b"), Replace("ac", "done")) == "done"


def test_a_replacement_touches_only_what_differs() -> None:
    (edit,) = operate("the quick fox", [Replace("quick fox", "quack fox")])
    assert edit == (6, 1, "a")


def test_a_quotation_that_is_not_there_says_so_and_which_operation_it_was() -> None:
    with pytest.raises(QuoteError, match="Operation 2 cannot be done, so nothing was changed: The text 'x' is not in"):
        operate("abc", [Append("d"), Delete("x")])


def test_a_quotation_that_is_there_twice_is_refused_overlapping_too() -> None:
    for text, quote in (("ab ab", "ab"), ("aaa", "aa")):
        with pytest.raises(QuoteError, match="more than once"):
            operate(text, [Delete(quote)])


def test_a_long_quotation_is_cut_in_the_error() -> None:
    with pytest.raises(QuoteError) as error:
        operate("", [Delete("x" * 1_000)])
    assert len(str(error.value)) < 300


def test_a_part_of_a_character_is_not_in_the_note() -> None:
    for text, quote in ((f"a{FAMILY}", "👩"), ("e\u0301", "e"), ("a\r\nb", "\n")):
        with pytest.raises(QuoteError, match="not in the note"):
            find(text, quote)
    assert find("e\u0301 e", "e") == len("e\u0301 ".encode())


@given(TEXTS, TEXTS.filter(bool), TEXTS)
def test_what_is_found_is_there_once_between_characters(before: str, quote: str, after: str) -> None:
    text = before + quote + after
    places = [
        at
        for at in range(len(text))
        if text.startswith(quote, at) and is_boundary(text, at) and is_boundary(text, at + len(quote))
    ]
    if len(places) == 1:
        assert find(text, quote) == len(text[: places[0]].encode())
        assert done(text, Delete(quote)) == text[: places[0]] + text[places[0] + len(quote) :]
    else:
        with pytest.raises(QuoteError):
            find(text, quote)


@given(st.lists(TEXTS, max_size=4))
def test_appending_piece_by_piece_is_the_whole(pieces: list[str]) -> None:
    assert done("", *map(Append, pieces)) == "".join(pieces)
