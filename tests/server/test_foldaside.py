import io
import resource
import sys
from types import SimpleNamespace

import pytest

from crdt.document import Document
from server import foldaside
from server.foldaside import fold_aside, main, pack, unpack
from tests.crdt.typist import Typist


def test_parts_are_read_as_they_were_written() -> None:
    parts = [None, b"", b"one", None]
    assert unpack(pack(parts)) == parts
    assert unpack(b"") == []


def test_a_note_is_folded_in_another_process() -> None:
    typist = Typist(1)
    state, update = Document(None, [typist.type("one ")]).encode(), typist.type("two")
    folded = fold_aside(state, [update])
    assert folded is not None
    assert (folded.text, folded.pending) == ("one two", None)
    assert Document(folded.state).text() == "one two"


def test_what_cannot_be_folded_gives_nothing() -> None:
    assert fold_aside(None, [b"\x07garbage"]) is None


@pytest.mark.parametrize("update", ["020103000100030300010201000000", "0101020122010178016b00010100"])
def test_what_can_be_taken_but_not_written_gives_nothing(update: str) -> None:
    assert fold_aside(None, [bytes.fromhex(update)]) is None


def test_what_ends_the_process_ends_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foldaside, "_COMMAND", [sys.executable, "-c", "import os; os.abort()"])
    assert fold_aside(None, []) is None


def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foldaside, "SECONDS", 0.01)
    monkeypatch.setattr(foldaside, "_COMMAND", [sys.executable, "-c", "input(); import signal; signal.pause()"])
    assert fold_aside(None, []) is None


@pytest.mark.parametrize(("update", "status"), [(Typist(1).type("hello"), 0), (b"\x07garbage", 1)])
def test_the_other_side(monkeypatch: pytest.MonkeyPatch, update: bytes, status: int) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(pack([None, None, update]))))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    assert main() == status
    assert unpack(out.getvalue())[2:3] == ([b"hello"] if status == 0 else [])
