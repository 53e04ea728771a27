import pytest

from crdt import compaction
from crdt.compaction import CompactionFailed, compact
from crdt.document import Document
from tests.crdt.typist import Typist


def test_a_log_becomes_a_smaller_snapshot_of_the_same_document() -> None:
    ann = Typist(1)
    updates = [ann.type(letter) for letter in "some text " * 50]
    compacted = compact(None, updates)
    assert compacted.text == str(ann)
    assert compacted.pending is None
    assert len(compacted.state) < sum(map(len, updates)) / 10
    more = [ann.delete(0, 5), ann.type("!")]
    assert compact(compacted.state, more).text == str(ann)


def test_what_waits_for_a_predecessor_is_kept() -> None:
    ann = Typist(1)
    first, second, third, deletion = ann.type("a"), ann.type("b"), ann.type("c"), ann.delete(2, 3)
    compacted = compact(None, [first, third, deletion])
    assert compacted.text == "a"
    again = compact(compacted.state, [compacted.pending or b""])
    assert again == compacted
    whole = compact(again.state, [again.pending or b"", second])
    assert whole.text == "ab"
    assert whole.pending is None


def test_a_snapshot_that_does_not_give_the_same_document_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Typist(1)
    update = ann.type("abc")
    other = Typist(1).type("abd")
    monkeypatch.setattr(Document, "encode", lambda self: other)
    with pytest.raises(CompactionFailed):
        compact(None, [update])
    shorter = Typist(1).type("ab")
    monkeypatch.setattr(Document, "encode", lambda self: shorter)
    with pytest.raises(CompactionFailed):
        compact(None, [update])
    assert compaction.CompactionFailed.__doc__ is not None
