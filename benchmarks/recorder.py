"""What it costs to record an update before it is applied: ``python -m benchmarks.recorder``."""

from timeit import timeit

from server.culprit import mark_of
from server.flightrecorder import Doing, FlightRecorder
from stores.notelog import NoteKey

ROUNDS = 200_000


def cost(size: int) -> float:
    """Give the seconds that ``begin`` and ``end`` take for a frame of so many bytes, two senders taking turns."""
    recorder, frame = FlightRecorder(), bytes(size)
    marks = [mark_of(NoteKey("default", "plan"), f"address 127.0.0.{number}") for number in (1, 2)]

    def record() -> None:
        for mark in marks:
            recorder.begin(Doing.RECEIVE, mark, frame)
            recorder.end()

    return (
        min(timeit(record, number=ROUNDS // (1 + size // 1000)) / (ROUNDS // (1 + size // 1000)) for _ in range(5)) / 2
    )


if __name__ == "__main__":
    for size in (30, 1_000, 1_000_000):
        print(f"{size:>9,} bytes: {1e6 * cost(size):.2f} µs")
