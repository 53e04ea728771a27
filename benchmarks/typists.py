"""One stretch of typing against a server, and whether everything arrived and is right."""

from dataclasses import dataclass
from itertools import count

from benchmarks.guest import finds_text
from benchmarks.load import SATURATED, Event, Load
from benchmarks.serving import Server
from benchmarks.streams import expected, streams

_rooms = count(1)


@dataclass(frozen=True)
class Crowd:
    """Who types, and how much: ``rate`` is the edits a second of all of them."""

    rooms: int
    clients: int
    typists: int
    rate: float
    warm: float = 1.0
    seconds: float = 3.0
    drain: float = 10.0
    acknowledged: bool = False
    """Whether acknowledgements are waited for."""

    @property
    def others(self) -> int:
        """How many receive each edit, its typist aside."""
        return self.clients - 1


@dataclass(frozen=True)
class Stretch:
    """What came of it. Times are milliseconds."""

    event: Event
    cpu: float
    """Seconds of CPU of the server in the measured time."""
    faults: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether everything arrived, once and unchanged, and the generator kept up."""
        return not self.faults

    @property
    def cpu_share(self) -> float:
        """The share of a core that the server used."""
        return self.cpu / float(self.event["seconds"])

    @property
    def micros_per_delivery(self) -> float:
        """Microseconds of the server's CPU for each edit at each receiver."""
        return 1e6 * self.cpu / max(1, int(self.event["deliveries"]))

    @property
    def micros_per_edit(self) -> float:
        """Microseconds of the server's CPU for each edit."""
        return 1e6 * self.cpu / max(1, int(self.event["sent"]))

    def figures(self) -> dict[str, object]:
        """Give what goes into the raw results."""
        return {
            **{name: value for name, value in self.event.items() if name != "event"},
            "cpu_share": round(self.cpu_share, 4),
            "micros_per_delivery": round(self.micros_per_delivery, 3),
            "micros_per_edit": round(self.micros_per_edit, 2),
            "faults": list(self.faults),
        }


def type_at(server: Server, crowd: Crowd, room: str = "") -> Stretch:
    """Let a crowd type, into new notes unless others are named. The faults also name a generator that was saturated."""
    fresh, room = not room, room or f"crowd{next(_rooms)}"
    edits = int(crowd.rate * (crowd.warm + crowd.seconds) / (crowd.rooms * crowd.typists)) + 2
    options: dict[str, object] = {
        "rooms": crowd.rooms,
        "clients": crowd.clients,
        "typists": crowd.typists,
        "rate": crowd.rate,
        "warm": crowd.warm,
        "seconds": crowd.seconds,
        "drain": crowd.drain,
        "addresses": max(1, crowd.rooms * crowd.clients // 100),
        "streams": streams(crowd.typists, edits),
        "acknowledgement": server.contestant.acknowledgement if crowd.acknowledged else "none",
        **server.target(room),
    }
    with Load("typing", options) as load:
        load.wait_for("begin")
        before = server.cpu_seconds()
        load.wait_for("end")
        cpu = server.cpu_seconds() - before
        event = load.wait_for("result")
        faults = _faults(event, crowd)
        if fresh and not faults:
            faults += _wrong_text(server, room, crowd, event)
    return Stretch(event, cpu, tuple(faults))


def _faults(event: Event, crowd: Crowd) -> list[str]:
    names = ["missing", "gaps", "wrong", "foreign", "malformed", "closed", "refused"]
    names += ["unacknowledged"] if crowd.acknowledged else []
    faults = [f"{event[name]} {name}" for name in names if event[name]]
    if event["generator_cpu"] > SATURATED:
        faults.append(f"generator saturated at {event['generator_cpu']:.0%} of its core")
    return faults


def _wrong_text(server: Server, room: str, crowd: Crowd, event: Event) -> list[str]:
    """Compare the text that somebody finds who comes in now, in the first of the notes, with what was typed."""
    each, over = int(event["edits_each"]), int(event["edits_over"])
    counts = [each + (typist * crowd.rooms < over) for typist in range(crowd.typists)]
    right = not server.contestant.keeps or finds_text(server, room, expected(counts))
    return [] if right else ["the text at the end is another one"]
