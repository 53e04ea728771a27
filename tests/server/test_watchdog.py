import pytest

from server.flightrecorder import Doing, FlightRecorder
from server.watchdog import HANGING, LONGEST, Watchdog


@pytest.fixture
def recorder() -> FlightRecorder:
    return FlightRecorder(1024)


@pytest.fixture
def watchdog(recorder: FlightRecorder) -> Watchdog:
    watchdog = Watchdog(recorder)
    recorder.beat()
    assert not watchdog.look()
    return watchdog


@pytest.mark.parametrize("doing", HANGING)
def test_a_loop_that_does_the_same_thing_all_the_time_hangs(
    recorder: FlightRecorder, watchdog: Watchdog, doing: Doing
) -> None:
    recorder.begin(doing, b"note")
    looks = [watchdog.look() for _ in range(HANGING[doing] + 1)]
    assert looks == [False] * HANGING[doing] + [True]


def test_a_loop_that_comes_round_does_not_hang(recorder: FlightRecorder, watchdog: Watchdog) -> None:
    recorder.begin(Doing.RECEIVE, b"note")
    for _ in range(2 * LONGEST):
        recorder.beat()
        assert not watchdog.look()


def test_a_loop_that_is_busy_with_one_thing_after_the_other_is_left_alone_for_long(
    recorder: FlightRecorder, watchdog: Watchdog
) -> None:
    looks = []
    for _ in range(LONGEST):
        recorder.begin(Doing.RECEIVE, b"note")
        looks.append(watchdog.look())
        recorder.end()
    assert looks == [False] * (LONGEST - 1) + [True]


def test_a_loop_that_is_busy_with_what_is_not_recorded_is_left_alone_for_long(watchdog: Watchdog) -> None:
    assert [watchdog.look() for _ in range(LONGEST)] == [False] * (LONGEST - 1) + [True]


def test_a_server_that_has_not_begun_to_beat_does_not_hang(recorder: FlightRecorder) -> None:
    watchdog = Watchdog(recorder)
    recorder.begin(Doing.LOAD, b"note")
    assert not any(watchdog.look() for _ in range(2 * LONGEST))


def test_a_new_server_begins_anew(recorder: FlightRecorder, watchdog: Watchdog) -> None:
    for _ in range(LONGEST - 1):
        watchdog.look()
    watchdog.reset()
    assert not watchdog.look()
