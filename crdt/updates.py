"""What an update brings and what it leans on, read from its bytes (format v1) before any document sees it.

An update is a list of sections, one a client, each a run of structs from a clock on; then a delete set, a list of clock
ranges for each client. ``scan`` says whether a document with given clocks can take the update whole.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from crdt import typed
from crdt.encoding import read_uint
from crdt.errors import InvalidUpdate, ProtocolError
from crdt.idranges import IdRange
from crdt.structs import DOCUMENT, MAX_CLOCK, TEXT, TYPE, Id, Struct, read_struct

MAX_STRUCTS = 500_000
"""How many structs one update may have: reading them holds up everybody else."""
MAX_RANGES = 250_000
"""How many ranges one update may delete."""

EMPTY = b"\x00\x00"
"""The update that says nothing."""


def only_deletes(update: bytes) -> bool:
    """Whether an update has no structs, only a delete set."""
    return update.startswith(b"\x00")


class Shape:
    """What an update is made of, apart from text and values in places that are there already."""

    __slots__ = ("documents", "keyed", "parents", "structs", "types")

    def __init__(self) -> None:
        self.structs = 0
        """How many structs there are."""
        self.documents = False
        """Whether there are documents inside the document."""
        self.keyed = False
        """Whether anything names a key under which it is."""
        self.types: list[Id] = []
        """The shared types that come with it."""
        self.parents: list[Id] = []
        """The ids that are named as shared types."""

    def add(self, struct: Struct, place: Id) -> None:
        """Take note of a struct and its id."""
        if struct.parent is not None:
            self.parents.append(struct.parent)
        self.keyed = self.keyed or struct.keyed
        if struct.kind == TYPE:
            self.types.append(place)
        elif struct.kind == DOCUMENT:
            self.documents = True


PLAIN = Shape()
"""Nothing of that sort."""


class Scan(NamedTuple):
    """What an update holds, measured against what a document knows."""

    ends: dict[int, int]
    """For each client with structs in the update, the clock behind the last one."""
    complete: bool
    """Whether everything it leans on is known or stands before it in the update."""
    new: bool
    """Whether it has structs that are not known."""
    deletes: bool
    """Whether it has a delete set."""
    repeats: bool = False
    """Whether it has structs that are known."""
    shape: Shape = PLAIN


def scan(update: bytes, known: Mapping[int, int], *, bounded: bool = False) -> Scan:
    """Read an update once, front to back.

    Args:
        update: the update, format v1.
        known: for each client, the clock up to which its structs are known.
        bounded: refuse what is larger than anything an editor sends at once; what is stored may be.

    Raises:
        InvalidUpdate: the update is not well-formed, or no editor sends such a thing.
    """
    ordinary = typed.read(update, known)
    if ordinary is not None:
        client, run = ordinary
        return Scan({client: run.end}, True, True, False)
    try:
        return _scan(update, known, bounded)
    except IndexError:
        raise InvalidUpdate("The update is cut short.") from None
    except InvalidUpdate:
        raise
    except ProtocolError as error:
        raise InvalidUpdate(str(error)) from None


def _scan(update: bytes, known: Mapping[int, int], bounded: bool = False) -> Scan:
    ends: dict[int, int] = {}
    complete, new, repeats = True, False, False
    sections, at = read_uint(update, 0)
    shape = Shape()
    for _ in range(sections):
        count, at = read_uint(update, at)
        client, at = read_uint(update, at)
        clock, at = read_uint(update, at)
        if client in ends:
            raise InvalidUpdate("A client has two sections in the update.")
        shape.structs += count
        if not count:
            raise InvalidUpdate("A client has no structs in its section of the update.")
        if bounded and shape.structs > MAX_STRUCTS:
            raise InvalidUpdate(f"The update has more than {MAX_STRUCTS} structs.")
        ends[client] = clock
        mine = known.get(client, 0)
        repeats = repeats or clock < mine
        complete = complete and clock <= mine
        for _ in range(count):
            struct = read_struct(update, at)
            at = struct.end
            _check_needs(struct.needs, client, clock)
            complete = complete and not struct.skip and has(known, ends, struct.needs)
            if struct.kind != TEXT or struct.parent is not None or struct.keyed:
                shape.add(struct, (client, clock))
            clock += struct.length
            ends[client] = clock
        if clock > MAX_CLOCK:
            raise InvalidUpdate(f"A clock in the update is larger than {MAX_CLOCK}.")
        new = new or clock > mine
    deletes, at = read_deletes(update, at, bounded=bounded)
    for client, clock, length in deletes:
        complete = complete and clock + length <= max(known.get(client, 0), ends.get(client, 0))
    return Scan(ends, complete, new, bool(deletes), repeats, shape)


def _check_needs(needs: Iterable[Id], client: int, clock: int) -> None:
    for other, needed in needs:
        if other == client and needed >= clock:
            raise InvalidUpdate("An item in the update leans on itself, or on what its client wrote later.")


def has(known: Mapping[int, int], ends: Mapping[int, int], needs: Iterable[Id]) -> bool:
    """Whether all ids are known, or stand before the place up to which an update was read."""
    return all(clock < known.get(client, 0) or clock < ends.get(client, 0) for client, clock in needs)


def read_deletes(update: bytes, at: int, *, bounded: bool = False) -> tuple[list[IdRange], int]:
    """Read the delete set at the end of an update, and give the position behind it.

    Raises:
        IndexError: the bytes end within it.
        ProtocolError: it is not well-formed.
    """
    deletes: list[IdRange] = []
    clients, at = read_uint(update, at)
    for _ in range(clients):
        client, at = read_uint(update, at)
        ranges, at = read_uint(update, at)
        if bounded and len(deletes) + ranges > MAX_RANGES:
            raise InvalidUpdate(f"The update deletes more than {MAX_RANGES} ranges at once.")
        for _ in range(ranges):
            clock, at = read_uint(update, at)
            length, at = read_uint(update, at)
            if length == 0:
                raise InvalidUpdate("A delete range in the update has no length.")
            if clock + length > MAX_CLOCK:
                raise InvalidUpdate(f"A clock in the update is larger than {MAX_CLOCK}.")
            deletes.append(IdRange(client, clock, length))
    if at != len(update):
        raise InvalidUpdate("The update has bytes behind its end.")
    return deletes, at
