import signal

import pytest

from server import judgement
from server.flightrecorder import Doing, FlightRecorder
from server.judgement import Judge


@pytest.fixture
def recorder() -> FlightRecorder:
    return FlightRecorder(4096)


@pytest.fixture
def judge(recorder: FlightRecorder) -> Judge:
    return Judge(recorder)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS])
def test_what_was_being_done_in_a_crash_is_to_blame_at_once(
    recorder: FlightRecorder, judge: Judge, number: signal.Signals
) -> None:
    recorder.begin(Doing.RECEIVE, b"note", b"frame")
    said = judge.judge(-number)
    assert said == f"was ended by {number.name} while it took an update: that is refused from now on."
    assert [one.record.frame for one in judge.incidents] == [b"frame"]
    assert recorder.everything() == []


def test_what_hung_is_to_blame(recorder: FlightRecorder, judge: Judge) -> None:
    recorder.begin(Doing.LOAD, b"note")
    judge.killed = True
    assert judge.judge(-signal.SIGKILL).startswith("hung in native code and was killed while it loaded a note")
    assert len(judge.incidents) == 1
    assert not judge.killed


def test_who_was_killed_is_to_blame_the_second_time_only(recorder: FlightRecorder, judge: Judge) -> None:
    for frame in (b"one", b"two"):
        recorder.begin(Doing.RECEIVE, b"note", frame)
        assert "may be chance" in judge.judge(-signal.SIGKILL)
    assert judge.incidents == []
    recorder.begin(Doing.RECEIVE, b"note", b"one")
    assert "refused" in judge.judge(-signal.SIGKILL)
    assert [one.record.frame for one in judge.incidents] == [b"one"]


def test_of_two_things_at_once_none_is_to_blame_the_first_time(recorder: FlightRecorder, judge: Judge) -> None:
    recorder.begin(Doing.RECEIVE, b"note", b"innocent")
    with recorder.aside(b"deadly"):
        assert "may be chance" in judge.judge(-signal.SIGSEGV)
    recorder.begin(Doing.RECEIVE, b"note", b"innocent as well")
    with recorder.aside(b"deadly"):
        judge.judge(-signal.SIGSEGV)
    assert [one.record.mark for one in judge.incidents] == [b"deadly"]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(1, "ended with status 1."), (-11, "was ended by SIGSEGV."), (-99, "was ended by signal 99.")],
)
def test_where_nothing_was_being_done_nobody_is_to_blame(judge: Judge, code: int, sentence: str) -> None:
    assert judge.judge(code) == sentence
    assert judge.incidents == []


def test_only_so_much_is_remembered(recorder: FlightRecorder, judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "MOST_BYTES", 10)
    for frame in (b"12345", b"67890", b"abcde"):
        recorder.begin(Doing.RECEIVE, b"note", frame)
        judge.judge(-signal.SIGSEGV)
    assert [one.record.frame for one in judge.incidents] == [b"67890", b"abcde"]
