import os

from server.flightrecorder import Doing, FlightRecorder, Record


def test_what_is_being_done_can_be_read_until_it_is_done() -> None:
    recorder = FlightRecorder(1024)
    assert recorder.current() is None
    recorder.begin(Doing.RECEIVE, b"note a", b"frame")
    assert recorder.current() == Record(Doing.RECEIVE, b"note a", b"frame", 1)
    assert recorder.everything() == [recorder.current()]
    recorder.end()
    assert recorder.everything() == []
    recorder.begin(Doing.TEND, b"b")
    assert recorder.current() == Record(Doing.TEND, b"b", b"", 2)


def test_another_process_that_was_forked_writes_for_this_one() -> None:
    recorder = FlightRecorder(1024)
    child = os.fork()
    if child == 0:
        recorder.begin(Doing.RECEIVE, b"note", b"deadly")
        recorder.ready()
        os._exit(0)
    os.waitpid(child, 0)
    assert recorder.current() == Record(Doing.RECEIVE, b"note", b"deadly", 1)
    assert (recorder.beats, recorder.times_ready) == (1, 1)
    recorder.clear()
    assert recorder.everything() == []


def test_a_frame_that_is_too_large_is_cut_off() -> None:
    recorder = FlightRecorder(4)
    recorder.begin(Doing.RECEIVE, b"note", b"123456")
    assert recorder.current() == Record(Doing.RECEIVE, b"note", b"1234", 1)


def test_threads_have_places_of_their_own_as_far_as_there_are_any() -> None:
    recorder = FlightRecorder(16)
    recorder.begin(Doing.RECEIVE, b"loop")
    places = [recorder.aside(b"thread") for _ in range(9)]
    for place in places:
        place.__enter__()
    assert [record.mark for record in recorder.everything()] == [b"thread"] * 8 + [b"loop"]
    for place in places:
        place.__exit__(None, None, None)
    assert [record.mark for record in recorder.everything()] == [b"loop"]
    with recorder.aside(b"again"):
        assert len(recorder.everything()) == 2


def test_beats_are_counted() -> None:
    recorder = FlightRecorder(16)
    recorder.beat()
    recorder.ready()
    recorder.beat()
    assert (recorder.beats, recorder.times_ready) == (3, 1)
