import pytest

from crdt.answers import MAX_QUESTIONS, Answers
from crdt.document import Document
from crdt.encoding import write_uint
from crdt.errors import TryAgainLater
from crdt.session import Session


def test_one_client_may_not_ask_without_end_in_one_turn() -> None:
    answers, session = Answers(Document()), Session()
    for number in range(MAX_QUESTIONS):
        answers.answer(session, b"\x01\x01" + write_uint(number + 1))
    with pytest.raises(TryAgainLater):
        answers.answer(session, b"\x00")
    assert answers.answer(Session(), b"\x00")
    answers.end_turn()
    assert answers.answer(session, b"\x00")
