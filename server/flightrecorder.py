"""What native code is doing at this moment, kept outside the process, so that whoever looks after a crash finds it.

The memory is shared between the server and its supervisor. The event loop has one place in it, since it does one thing
at a time; threads that load or fold a note take one of a few others. Recording an update is a copy of its bytes and one
header, and forgetting it is one byte: see ``benchmarks/recorder.py`` for what that costs.
"""

import mmap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

MEBIBYTE = 1024 * 1024
LONGEST_MARK = 4096
"""The most bytes that say what note and who."""
_HEADER = Struct("<BxxxIIQ")
"""What is being done, the length of the mark, the length of the bytes, and how many there were before."""
_BEATS = Struct("<QQ")
"""How often the event loop has come round, and how often the server has been ready."""
_FIRST = 64
_ASIDE = 8
_PLACE = _HEADER.size + LONGEST_MARK


class Doing(IntEnum):
    """What a place is recorded for."""

    NOTHING = 0
    RECEIVE = 1
    """Taking a frame of a client."""
    LOAD = 2
    """Making a document of what is stored."""
    TEND = 3
    """Anything else with an open note: sending on, merging, an edit by REST."""
    TYPE = 4
    """Putting in what several clients typed. Nobody is blamed: the next server takes each edit by itself."""


class Record(NamedTuple):
    """What was being done."""

    doing: Doing
    mark: bytes
    """What note, and who sent it: made by ``server.culprit``."""
    frame: bytes
    """The bytes that were being taken; cut off when they were larger than the memory has room for."""
    number: int
    """Tells it from all others of the same process."""


class FlightRecorder:
    """Places in a shared memory, each with what is being done there."""

    def __init__(self, largest: int = 16 * MEBIBYTE) -> None:
        """Make a memory that this process and those that it forks have in common.

        Args:
            largest: the most bytes of a frame that are recorded; pages that were never written cost nothing.
        """
        self._largest = largest
        self._memory = mmap.mmap(-1, _FIRST + (_ASIDE + 1) * _PLACE + largest)
        self._loop = _FIRST + _ASIDE * _PLACE
        self._mark_at = self._loop + _HEADER.size
        self._frame_at = self._mark_at + LONGEST_MARK
        self._number = 0
        self._marked: bytes | None = None
        self._free = list(range(_FIRST, self._loop, _PLACE))
        self._turn = threading.Lock()

    def begin(self, doing: Doing, mark: bytes, frame: bytes = b"") -> None:
        """Record what the event loop is about to do. ``end`` it, come what may, before the next."""
        memory, size = self._memory, len(frame)
        if size > self._largest:
            frame, size = frame[: self._largest], self._largest
        if mark is not self._marked:
            memory[self._mark_at : self._mark_at + len(mark)] = mark
            self._marked = mark
        memory[self._frame_at : self._frame_at + size] = frame
        self._number = number = self._number + 1
        _HEADER.pack_into(memory, self._loop, doing, len(mark), size, number)

    def end(self) -> None:
        """Say that the process has survived it."""
        self._memory[self._loop] = 0

    @contextmanager
    def aside(self, mark: bytes) -> Iterator[None]:
        """Record that a thread loads a note; when too many do so at once, that is not recorded."""
        with self._turn:
            at = self._free.pop() if self._free else None
        if at is None:
            yield
            return
        start = at + _HEADER.size
        self._memory[start : start + len(mark)] = mark
        _HEADER.pack_into(self._memory, at, Doing.LOAD, len(mark), 0, 0)
        try:
            yield
        finally:
            self._memory[at] = 0
            with self._turn:
                self._free.append(at)

    def beat(self) -> None:
        """Say that the event loop comes round."""
        beats, ready = _BEATS.unpack_from(self._memory)
        _BEATS.pack_into(self._memory, 0, beats + 1, ready)

    def ready(self) -> None:
        """Say that the server accepts connections."""
        beats, ready = _BEATS.unpack_from(self._memory)
        _BEATS.pack_into(self._memory, 0, beats + 1, ready + 1)

    @property
    def beats(self) -> int:
        """How often the event loop has come round."""
        return int(_BEATS.unpack_from(self._memory)[0])

    @property
    def times_ready(self) -> int:
        """How often a server was ready."""
        return int(_BEATS.unpack_from(self._memory)[1])

    def current(self) -> Record | None:
        """Give what the event loop is doing; for another process."""
        return self._read(self._loop)

    def everything(self) -> list[Record]:
        """Give what is being done in all places."""
        places = range(_FIRST, self._loop + 1, _PLACE)
        return [record for at in places if (record := self._read(at)) is not None]

    def clear(self) -> None:
        """Forget what is being done: its process is gone."""
        for at in range(_FIRST, self._loop + 1, _PLACE):
            self._memory[at] = 0

    def _read(self, at: int) -> Record | None:
        doing, mark, size, number = _HEADER.unpack_from(self._memory, at)
        if not doing:
            return None
        start = at + _HEADER.size
        frame = self._memory[self._frame_at : self._frame_at + size] if at == self._loop else b""
        return Record(Doing(doing), self._memory[start : start + mark], frame, number)
