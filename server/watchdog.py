"""Whether a server hangs: its event loop does not come round."""

from server.flightrecorder import Doing, FlightRecorder, Record

HANGING = {Doing.RECEIVE: 30, Doing.TEND: 30, Doing.LOAD: 120, Doing.TYPE: 30}
"""How many looks in a row, half a second apart, find a loop that does not come round, and still does the same thing."""
LONGEST = 600
"""How many looks a loop may be busy with what is not recorded."""


class Watchdog:
    """Looks at the beats. It counts its own looks and no clock, so that a machine that was asleep hangs nobody."""

    def __init__(self, recorder: FlightRecorder) -> None:
        self._recorder = recorder
        self.reset()

    def reset(self) -> None:
        """A new server is starting: as long as it does not beat it does not hang."""
        self._beats = self._first = self._recorder.beats
        self._silent = 0
        self._same = 0
        self._seen: Record | None = None

    def look(self) -> bool:
        """Whether the server hangs."""
        beats, now = self._recorder.beats, self._recorder.current()
        if beats != self._beats or beats == self._first:
            self._beats, self._silent, self._same, self._seen = beats, 0, 0, now
            return False
        self._silent += 1
        self._same = self._same + 1 if now is not None and now == self._seen else 0
        self._seen = now
        return self._silent >= LONGEST or (now is not None and self._same >= HANGING[now.doing])
