"""What a crash is put down to."""

import signal
from hashlib import sha256

from server.culprit import Incident
from server.flightrecorder import Doing, FlightRecorder, Record

MOST_BYTES = 64 * 1024 * 1024
"""How many bytes of incidents are remembered; the oldest go first. All of them are in the database by then."""
_CRASHES = {getattr(signal, name) for name in ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS")}
"""What a process ends with by its own fault."""
_WORDS = {
    Doing.RECEIVE: "took an update",
    Doing.LOAD: "loaded a note",
    Doing.TEND: "sent edits on",
    Doing.TYPE: "put in what several typed",
}


class Judge:
    """Reads the record of a server that has ended.

    What was being done is to blame at once when the process ended by a fault of its own, or hung. When somebody killed
    it, the memory ran out, or two things were going on, it is a suspect, and to blame the second time.
    """

    def __init__(self, recorder: FlightRecorder) -> None:
        self._recorder = recorder
        self._suspects: set[bytes] = set()
        self.incidents: list[Incident] = []
        """What is to be put away, for whoever has a database."""
        self.killed = False
        """Whether the server was killed because it hung."""

    def judge(self, code: int) -> str:
        """Read the record and clear it.

        Args:
            code: the exit status, or the negative of a signal's number.

        Returns: how the server ended, as the end of a sentence that begins with "The server".
        """
        hung, self.killed = self.killed, False
        how = _how(code, hung)
        records = self._recorder.everything()
        self._recorder.clear()
        certain = (hung or -code in _CRASHES) and len(records) == 1
        guilty = [record for record in records if record.doing is not Doing.TYPE and self._is_guilty(record, certain)]
        self._remember([Incident(record, how) for record in guilty])
        if not records:
            return f"{how}."
        work = " and ".join(_WORDS[record.doing] for record in records)
        return f"{how} while it {work}: {'that is refused from now on' if guilty else 'that may be chance'}."

    def _is_guilty(self, record: Record, certain: bool) -> bool:
        print_ = sha256(repr((record.doing, record.mark, record.frame)).encode()).digest()
        seen = print_ in self._suspects
        self._suspects.add(print_)
        return certain or seen

    def _remember(self, found: list[Incident]) -> None:
        self.incidents += found
        while len(self.incidents) > 1 and sum(len(one.record.frame) for one in self.incidents) > MOST_BYTES:
            del self.incidents[0]


def _how(code: int, hung: bool) -> str:
    if hung:
        return "hung in native code and was killed"
    if code >= 0:
        return f"ended with status {code}"
    known = -code in set(signal.Signals)
    return f"was ended by {signal.Signals(-code).name if known else f'signal {-code}'}"
