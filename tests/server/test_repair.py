from collections.abc import Sequence

import pytest

from crdt.compaction import Compacted, compact
from crdt.document import Document
from server.repair import rebuild
from stores.notelog import LogRow, Snapshot, StoredNote
from tests.crdt.typist import Typist


class Fragile:
    """Folds here, but for what has one of the words in it."""

    def __init__(self, *deadly: bytes) -> None:
        self.deadly = deadly
        self.attempts = 0

    def __call__(self, state: bytes | None, updates: Sequence[bytes]) -> Compacted | None:
        self.attempts += 1
        everything = b"".join([state or b"", *updates])
        return None if any(word in everything for word in self.deadly) else compact(state, updates)


def stored(*updates: bytes, snapshot: Snapshot | None = None) -> StoredNote:
    return StoredNote(snapshot, tuple(LogRow(number, update) for number, update in enumerate(updates, 1)))


@pytest.fixture
def words() -> list[bytes]:
    return [Typist(number).type(f"word{number} ") for number in range(1, 65)]


def test_a_note_that_is_well_loses_nothing(words: list[bytes]) -> None:
    fold = Fragile()
    rebuilt = rebuild(stored(*words), fold)
    assert (rebuilt.kept, rebuilt.dropped, fold.attempts) == (64, [], 1)
    assert rebuilt.compacted.text == Document(None, words).text()


def test_each_bad_row_is_found_among_many_in_few_attempts(words: list[bytes]) -> None:
    fold = Fragile(b"word7 ", b"word50 ")
    rebuilt = rebuild(stored(*words), fold)
    assert [part.name for part in rebuilt.dropped] == ["row 7", "row 50"]
    assert [part.payload for part in rebuilt.dropped] == [words[6], words[49]]
    assert rebuilt.kept == 62
    assert "word8 " in rebuilt.compacted.text
    assert fold.attempts <= 16


def test_what_cannot_be_read_costs_no_attempt(words: list[bytes]) -> None:
    fold = Fragile()
    rebuilt = rebuild(stored(words[0], b"\x07garbage", words[1]), fold)
    assert [part.name for part in rebuilt.dropped] == ["row 2"]
    assert fold.attempts == 1


def test_a_bad_snapshot_is_left_out_and_the_rows_are_kept(words: list[bytes]) -> None:
    bad = Snapshot(Typist(99).type("*bad*"), words[0], 3)
    rebuilt = rebuild(stored(words[1], snapshot=bad), Fragile(b"*bad*"))
    assert [part.name for part in rebuilt.dropped] == ["the snapshot"]
    assert rebuilt.kept == 2
    assert {"word1 ", "word2 "} == {word + " " for word in rebuilt.compacted.text.split()}


def test_a_good_snapshot_is_kept_and_what_waits_beside_it_may_be_bad(words: list[bytes]) -> None:
    good = Snapshot(words[0], Typist(99).type("*bad*"), 3)
    rebuilt = rebuild(stored(snapshot=good), Fragile(b"*bad*"))
    assert [part.name for part in rebuilt.dropped] == ["what waits beside the snapshot"]
    assert rebuilt.compacted.text == "word1 "


def test_what_builds_on_what_is_left_out_waits() -> None:
    typist = Typist(1)
    rebuilt = rebuild(stored(typist.type("*bad*"), typist.type("after")), Fragile(b"*bad*"))
    assert (rebuilt.compacted.text, rebuilt.kept) == ("", 1)
    assert rebuilt.compacted.pending is not None
