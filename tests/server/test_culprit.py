from crdt.messages import AwarenessUpdate, SyncStep1, SyncStep2, Update
from server.access import ANYBODY, Identity
from server.culprit import OWNER, Incident, culprits, ids_of, mark_of, sender_of, updates_in
from server.flightrecorder import LONGEST_MARK, Doing, Record
from stores.notelog import NoteKey
from stores.quarantine import Kind
from tests.crdt.typist import Typist

KEY = NoteKey("w", "ä/b")


def incident(doing: Doing, frame: bytes = b"", mark: bytes | None = None) -> Incident:
    return Incident(Record(doing, mark or mark_of(KEY, "address ::1"), frame, 1), "was ended by SIGSEGV")


def test_the_ids_of_an_update_are_ranges_of_clocks() -> None:
    typist = Typist(7)
    typist.type("before")
    assert ids_of(typist.type("abc")) == [(7, 6, 9)]


def test_the_updates_of_a_frame_are_found_as_far_as_it_can_be_read() -> None:
    frame = SyncStep1(b"\x00").encode() + SyncStep2(b"one").encode() + Update(b"two").encode() + b"\x63"
    assert updates_in(frame) == [b"one", b"two"]
    assert updates_in(b"") == []


def test_each_update_that_was_being_taken_is_put_away_with_its_sender() -> None:
    update = Typist(7).type("abc")
    (found,) = culprits(incident(Doing.RECEIVE, Update(update).encode()))
    assert found[:4] == ("w", "ä/b", Kind.UPDATE, update)
    assert (found.ids, found.sender) == ([(7, 0, 3)], "address ::1")
    assert found.reason == "The server was ended by SIGSEGV while it applied this."
    (found,) = culprits(incident(Doing.RECEIVE, Update(b"\x07unreadable").encode()))
    assert (found.kind, found.ids) == (Kind.UPDATE, [])


def test_where_no_update_was_being_taken_the_note_is_put_away() -> None:
    for doing, frame in [(Doing.LOAD, b""), (Doing.TEND, b""), (Doing.RECEIVE, AwarenessUpdate(b"\x00").encode())]:
        (found,) = culprits(incident(doing, frame))
        assert found[:4] == ("w", "ä/b", Kind.NOTE, b"")
        assert found.reason.startswith("The server was ended by SIGSEGV while it ")


def test_a_mark_that_was_cut_off_puts_nothing_away() -> None:
    mark = mark_of(NoteKey("\x01" * 250, "\x02" * 250), "\x03" * 400)
    assert len(mark) == LONGEST_MARK
    assert culprits(incident(Doing.LOAD, mark=mark)) == []


def test_a_sender_is_known_by_a_token_of_their_own_else_by_an_address() -> None:
    assert sender_of(Identity("ann", (), token_id="t1"), "::1") == "token t1"
    assert sender_of(Identity(OWNER, (), token_id="t2"), "::1") == "address ::1"  # the printed link is anybody's
    assert sender_of(ANYBODY, "::1") == "address ::1"
    assert sender_of(ANYBODY, None) == ""
