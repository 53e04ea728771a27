import gc
import itertools
import weakref
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text

from crdt import document as document_module
from crdt import replica, statevector, updates
from crdt.applied import NOTHING_NEW
from crdt.document import Document
from crdt.encoding import write_uint
from crdt.errors import InvalidUpdate
from crdt.merge import merge
from crdt.plaintext import NotPlainText
from crdt.text import Edit, rewrite
from crdt.updates import EMPTY
from tests.crdt.typist import Typist


def test_an_ordinary_update_goes_in_and_is_sent_on_as_it_came() -> None:
    ann, document = Typist(1), Document()
    update = ann.type("hello")
    assert document.apply(update) == (update, False, False)
    assert document.text() == "hello"
    assert document.state_vector() == ann.doc.get_state()


def test_what_is_known_brings_nothing_new() -> None:
    ann, document = Typist(1), Document()
    for update in (ann.type("hello"), ann.delete(0, 2)):
        assert document.apply(update).ready == update
        assert document.apply(update) == NOTHING_NEW
    assert document.text() == "llo"


def test_updates_in_any_order_give_the_same_document() -> None:
    for order in itertools.permutations(range(4)):
        ann, document = Typist(1), Document()
        updates = [ann.type("ab"), ann.type("c"), ann.delete(1, 2), ann.insert(0, "z")]
        sent_on = [document.apply(updates[i]).ready for i in order]
        assert document.text() == str(ann) == "zac"
        assert document.waiting is None
        replica = Typist(2, merge(sent_on))
        assert str(replica) == "zac"


def test_a_gap_is_told_and_what_waited_is_released_when_it_closes() -> None:
    ann, document = Typist(1), Document()
    first, second, third = ann.type("a"), ann.type("b"), ann.type("c")
    assert document.apply(third) == (EMPTY, True, False)
    assert document.waiting == third
    assert document.apply(first) == (first, False, False)
    ready, missing, released = document.apply(second)
    assert (missing, released) == (False, True)
    assert Document(None, [first, ready]).text() == "abc" == document.text()


def test_typing_goes_on_beside_a_gap() -> None:
    ann, bob, document = Typist(1), Typist(2), Document()
    ann.type("a")
    document.apply(ann.type("b"))
    update = bob.type("x")
    assert document.apply(update) == (update, False, False)
    assert document.text() == "x"


def test_a_gap_that_closes_only_partly_keeps_waiting() -> None:
    ann, document = Typist(1), Document()
    updates = [ann.type(letter) for letter in "abcde"]
    document.apply(updates[4])
    document.apply(updates[2])
    assert document.apply(merge(updates[:2]))[1:] == (False, True)
    assert document.text() == "abc"
    assert document.waiting is not None
    document.apply(updates[3])
    assert document.text() == "abcde"


def test_a_deletion_that_came_too_early_is_done_later() -> None:
    ann, document = Typist(1), Document()
    typed, deleted = ann.type("abc"), ann.delete(0, 2)
    assert document.apply(deleted).missing
    document.apply(typed)
    assert document.text() == "c"


def test_what_waits_survives_a_reload() -> None:
    ann, document = Typist(1), Document()
    first, second, third = ann.type("a"), ann.type("b"), ann.type("c")
    document.apply(first)
    document.apply(third)
    waiting = document.waiting
    assert waiting is not None
    again = Document(document.encode(), [waiting])
    assert again.text() == "a"
    again.apply(second)
    assert again.text() == "abc"


def test_the_difference_is_what_a_replica_lacks() -> None:
    ann = Typist(1)
    document = Document(None, [ann.type("x" * 10_000)])
    replica = Typist(2, document.encode())
    document.apply(ann.type("y"))
    difference = document.difference(replica.doc.get_state())
    assert len(difference) < 50
    replica.hear(difference)
    assert str(replica) == document.text()


@pytest.mark.parametrize("state_vector", [b"", b"\x05", b"\xff\xff\xff\x7f"])
def test_a_broken_state_vector_is_refused(state_vector: bytes) -> None:
    with pytest.raises(InvalidUpdate):
        Document().difference(state_vector)


def test_a_broken_update_leaves_the_document_as_it_was() -> None:
    ann = Typist(1)
    document = Document(None, [ann.type("abc")])
    for update in (b"", b"\x01", ann.type("d") + b"\x00"):
        with pytest.raises(InvalidUpdate):
            document.apply(update)
    assert document.text() == "abc"


def test_a_broken_snapshot_is_refused() -> None:
    with pytest.raises(InvalidUpdate, match="cut short"):
        Document(b"\x01\x02")


def test_a_panic_of_the_native_core_is_a_refusal_and_any_other_exception_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class PanicException(BaseException):
        """As the native core raises it."""

    document = Document()
    for raised, seen in ((PanicException, InvalidUpdate), (KeyboardInterrupt, KeyboardInterrupt)):
        monkeypatch.setattr(document._replica, "_doc", Raising(raised))
        with pytest.raises(seen):
            document.apply(Typist(1).type("a"))


class Raising:
    """A native document that raises."""

    def __init__(self, error: type[BaseException]) -> None:
        self._error = error

    def apply_update(self, update: bytes) -> None:
        raise self._error

    def get_update(self, state_vector: bytes) -> bytes:
        raise self._error


def test_the_size_is_an_upper_bound_until_it_is_measured() -> None:
    ann, document = Typist(1), Document()
    for letter in "abcdefgh":
        document.apply(ann.type(letter))
    estimate = document.size
    assert len(document.encode()) == document.size < estimate


def test_what_waits_counts_as_well() -> None:
    ann, document = Typist(1), Document()
    ann.type("a")
    late = ann.type("b" * 1_000)
    document.apply(late)
    document.encode()
    assert document.size == len(document.encode()) + len(late) - len(EMPTY)


def test_characters_outside_the_basic_plane_are_kept() -> None:
    text = "👩‍👩‍👧‍👦 é \N{MATHEMATICAL FRAKTUR CAPITAL U} 🏳️‍🌈"
    document = Document(None, [Typist(1).type(text)])
    assert Document(document.encode()).text() == text


def test_documents_that_are_let_go_do_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    docs: list[weakref.ref[Doc]] = []  # type: ignore[type-arg]

    def remember() -> Doc:  # type: ignore[type-arg]
        doc: Doc = Doc()  # type: ignore[type-arg]
        docs.append(weakref.ref(doc))
        return doc

    monkeypatch.setattr(replica, "Doc", remember)
    ann = Typist(1)
    typed, deleted = ann.type("abc"), ann.delete(0, 1)
    for _ in range(2_000):
        document = Document(None, [typed])
        document.apply(deleted)
        document.apply(deleted)
        del document
    gc.collect()
    assert len(docs) == 2_000
    assert not any(doc() for doc in docs)


def test_an_edit_made_here_is_an_update_that_others_take() -> None:
    ann, document = Typist(1), Document()
    document.apply(ann.type("aé😀z"))
    update = document.edit(rewrite("aé😀z", "aé𝄞z!"))
    ann.hear(update)
    assert str(ann) == document.text() == "aé𝄞z!"
    assert statevector.decode(document.state_vector()) == statevector.decode(ann.doc.get_state())
    assert document.apply(update) == NOTHING_NEW
    assert len(update) < 60
    assert document.apply(ann.type("?")).ready
    assert document.text() == "aé𝄞z!?"


def test_an_edit_that_changes_nothing_is_no_update() -> None:
    document = Document(None, [Typist(1).type("a")])
    size, clocks = document.size, document.state_vector()
    assert document.edit([]) == EMPTY
    assert document.edit([Edit(1, 0, "")]) == EMPTY
    assert (document.size, document.state_vector()) == (size, clocks)


def test_edits_made_here_lean_on_nothing_that_waits() -> None:
    ann, document = Typist(1), Document()
    first, second = ann.type("a"), ann.type("b")
    document.apply(second)
    update = document.edit([Edit(0, 0, "<>")])
    assert Document(None, [update]).text() == "<>"
    document.apply(first)
    ann.hear(update)
    assert document.text() == str(ann)


def test_a_character_that_was_put_here_and_is_cut_by_a_client_is_what_the_client_has() -> None:
    document = Document()
    document.edit([Edit(0, 0, "😀")])
    ((here, _),) = statevector.decode(document.state_vector()).items()
    cut = b"\xc4" + write_uint(here) + b"\x00" + write_uint(here) + b"\x01\x01x"
    document.apply(b"\x01\x01\x02\x00" + cut + b"\x00")
    assert document.text() == "\ufffdx\ufffd"
    update = document.edit(rewrite(document.text(), "\ufffdy\ufffd!"))
    assert document.text() == "\ufffdy\ufffd!"
    assert Document(document.encode()).text() == document.text()
    assert document.apply(update) == NOTHING_NEW


def embedded(*parts: object) -> Typist:
    """A text with things in it that are none."""
    ann = Typist(1)
    for part in parts:
        if isinstance(part, str):
            ann.type(part)
        else:
            ann.text.insert_embed(len(ann.text), cast(dict[str, str], part))
    return ann


@given(
    st.lists(st.sampled_from(["a", "é", "😀b", {"image": "x"}]), max_size=6),
    st.lists(st.sampled_from(["a", "é", "😀", "c"]), max_size=6).map("".join),
)
def test_what_is_no_text_stays_and_is_not_counted(parts: list[object], new: str) -> None:
    ann = embedded(*parts)
    document = Document(ann.state())
    ann.hear(document.edit(rewrite(document.text(), new)))
    assert document.text() == str(ann) == new
    kept = [value for value, _ in ann.text.diff() if not isinstance(value, str)]
    assert kept == [part for part in parts if not isinstance(part, str)]


def test_what_stands_among_text_stays_in_its_place() -> None:
    image = {"image": "x"}
    ann = embedded("ab", image, "cd", image)
    document = Document(ann.state())
    ann.hear(document.edit([Edit(1, 2, "X"), Edit(3, 0, "!"), Edit(0, 0, "<")]))
    assert [value for value, _ in ann.text.diff()] == ["<aX", image, "d", image, "!"]


def test_a_text_that_cannot_be_told_from_what_is_none_is_not_edited(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document(embedded("ab", 1).state())
    monkeypatch.setattr(Text, "diff", lambda _: [("ab1", None)])
    with pytest.raises(NotPlainText):
        document.edit([Edit(0, 1, "")])
    assert document.text() == "ab"


def test_a_damaged_update_among_others_is_refused_as_one_alone_is() -> None:
    for rest in ([], [Typist(1).type("fine")]):
        with pytest.raises(InvalidUpdate):
            Document(None, [b"\x07garbage", *rest])


def test_a_log_that_cannot_be_merged_is_loaded_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(updates: list[bytes]) -> bytes:
        monkeypatch.undo()
        raise InvalidUpdate

    ann = Typist(1)
    log = [ann.type("a"), ann.type("b")]
    monkeypatch.setattr(document_module, "merge", refuse)
    assert Document(None, log).text() == "ab"


def test_a_document_that_cannot_be_encoded_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        """As the native core raises it."""

    document = Document()
    monkeypatch.setattr(document._replica, "_doc", Raising(PanicException))
    with pytest.raises(InvalidUpdate):
        document.encode()
    assert document.damaged


def test_an_edit_made_here_on_which_the_native_core_breaks_damages_the_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def panic(*_: object) -> None:
        raise RuntimeError("broken")

    document = Document()
    monkeypatch.setattr(replica, "carry_out", panic)
    with pytest.raises(InvalidUpdate):
        document.edit([Edit(0, 0, "a")])
    assert document.damaged


def test_what_is_stored_may_be_larger_than_what_a_client_may_send(monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit merges what came meanwhile, and a note grows for as long as it is written in."""
    ann, ben = Typist(1), Typist(2)
    written = merge([ann.type("one"), ben.type("two")])
    for name in ("MAX_STRUCTS", "MAX_RANGES"):
        monkeypatch.setattr(updates, name, 1)
    with pytest.raises(InvalidUpdate, match="more than 1 structs"):
        Document().examine(written)
    document = Document(None, [written])
    assert Document(document.encode()).text() == document.text() != ""
    assert document.apply(ann.type("!")).ready != EMPTY
    assert Document(document.encode(), [ben.type("!")]).text()
