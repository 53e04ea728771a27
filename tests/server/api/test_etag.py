import pytest

from server.api.errors import Refusal
from server.api.etag import names, require, tag


def test_equal_texts_have_equal_tags_and_others_do_not() -> None:
    assert tag("a") == tag("a") != tag("b")
    assert tag("").startswith('"')


@pytest.mark.parametrize("header", ["*", " * ", tag("a"), f'"x",{tag("a")}', f'{tag("a")} , "x"'])
def test_a_header_names_a_text(header: str) -> None:
    assert names(header, "a")
    require(header, "a")


@pytest.mark.parametrize("header", ["", '"x"', f"W/{tag('a')}", tag("b"), tag("a").strip('"')])
def test_a_header_names_another_text(header: str) -> None:
    assert not names(header, "a")
    with pytest.raises(Refusal) as refusal:
        require(header, "a")
    assert refusal.value.status_code == 412


def test_who_says_nothing_may_change_any_text() -> None:
    require(None, "a")
