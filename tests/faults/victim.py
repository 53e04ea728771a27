"""A process that takes hostile updates: guard, room, trial and reload. It says what went wrong, unless it dies of it.

Arguments: the first case, how many, and a file in which it keeps the number of the case that it is at.
"""

import json
import mmap
import resource
import signal
import struct
import sys
import time
from pathlib import Path

from crdt import statevector
from crdt.document import Document
from crdt.errors import InvalidUpdate
from crdt.messages import SyncStep1, Update
from crdt.room import Room
from crdt.session import Session
from crdt.updates import EMPTY
from server.trial import run
from tests.crdt.typist import Typist
from tests.faults.adversary import Adversary

MEMORY = 2 << 30
SECONDS = 10
HONEST = 77


class Wrong(Exception):
    """The updates did what they must not."""


class Damaged(Exception):
    """The native core broke; the update was refused. The server lets go of such a note, and loads it anew."""


def attack(case: list[bytes]) -> int:
    """Send updates to a room; how many of them were taken."""
    room = Room(Document())
    honest = Session()
    room.join(honest)
    room.receive(honest, SyncStep1(b"\x00").encode(), 0)
    typist = Typist(HONEST)
    room.receive(honest, Update(typist.type("before")).encode(), 0)
    taken = sum(send(room, update) for update in case)
    if room.document.damaged:
        raise Damaged
    room.receive(honest, Update(typist.type("after")).encode(), 0)
    if honest.error is not None:
        raise Wrong(f"somebody else is refused: {honest.error}")
    try:
        room.end_turn()
    except InvalidUpdate:
        return taken  # the room is let go of, and what came in is not stored
    check(room)
    return taken


def send(room: Room, update: bytes) -> bool:
    """Be a client that sends one update; whether it was taken."""
    session = Session()
    room.join(session)
    room.receive(session, Update(update).encode(), 0)
    for trial in room.trials.take():
        reason = run(room.document.encode(), room.document.waiting or EMPTY, trial.update)
        room.tried(trial, InvalidUpdate(reason) if reason else None, 0)
    room.leave(session, 0)
    return session.error is None


def check(room: Room) -> None:
    """See that what is kept can be loaded again, and is the same to everybody who loads it."""
    room.document.text()
    state = room.document.encode()
    batch = room.take_batch()
    if batch is None:
        raise Wrong("nothing is to be stored")
    again = Document(state)
    if again.state_vector() != room.document.state_vector():
        raise Wrong("the snapshot has something else")
    again.encode()
    # Who gives an id to two things that wait for others is not told which of them stays: no state vector to compare.
    Document(None, [batch.update]).encode()
    half = {client: clock // 2 for client, clock in statevector.decode(room.document.state_vector()).items()}
    room.document.difference(statevector.encode(half))


def main(first: int, count: int, at: mmap.mmap) -> None:
    """Go through cases, and print what was found: how many updates were taken and refused, and what went wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    taken, sent, damaged, wrong = 0, 0, 0, {}
    for number in range(first, first + count):
        struct.pack_into("<q", at, 0, number)
        case = Adversary(number).case()
        sent += len(case)
        signal.alarm(SECONDS)  # ends the process if native code hangs
        try:
            taken += attack(case)
        except Damaged:
            damaged += 1
        except BaseException as error:  # noqa: BLE001 - so is a panic
            wrong[number] = f"{type(error).__name__}: {error}"
    print(json.dumps({"sent": sent, "taken": taken, "damaged": damaged, "wrong": wrong, "cpu": time.process_time()}))


if __name__ == "__main__":
    with Path(sys.argv[3]).open("r+b") as place, mmap.mmap(place.fileno(), 8) as shared:
        main(int(sys.argv[1]), int(sys.argv[2]), shared)
