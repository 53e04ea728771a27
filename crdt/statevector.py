"""A state vector: for each client id, how much of what that client wrote is known."""

from collections.abc import Mapping

from crdt.encoding import read_uint, write_uint
from crdt.errors import InvalidUpdate, MalformedMessage

EMPTY = b"\x00"
"""The state vector of a document with nothing in it."""


MAX_CLIENTS = 100_000
"""How many clients a state vector may name."""


def decode(data: bytes) -> dict[int, int]:
    """Read a state vector: a count, then that many pairs of client id and next clock.

    Raises:
        InvalidUpdate: the bytes are not exactly a state vector.
    """
    try:
        clocks, at = _read(data)
    except IndexError:
        raise InvalidUpdate("The state vector is cut short.") from None
    except MalformedMessage as error:
        raise InvalidUpdate(str(error)) from None
    if at != len(data):
        raise InvalidUpdate("The state vector has bytes behind its end.")
    return clocks


def _read(data: bytes) -> tuple[dict[int, int], int]:
    count, at = read_uint(data, 0)
    if count > len(data):
        raise InvalidUpdate("The state vector announces more clients than it has bytes.")
    if count > MAX_CLIENTS:
        raise InvalidUpdate(f"The state vector names more than {MAX_CLIENTS} clients.")
    clocks = {}
    for _ in range(count):
        client, at = read_uint(data, at)
        clocks[client], at = read_uint(data, at)
    return clocks, at


def encode(clocks: Mapping[int, int]) -> bytes:
    """Write a state vector, the largest client id first, as Yjs does."""
    pairs = sorted(clocks.items(), reverse=True)
    return write_uint(len(pairs)) + b"".join(write_uint(client) + write_uint(clock) for client, clock in pairs)


def union(*vectors: bytes) -> bytes:
    """Give the state vector of what any of several replicas has.

    Raises:
        InvalidUpdate: the bytes of one are not exactly a state vector.
    """
    clocks: dict[int, int] = {}
    for vector in vectors:
        for client, clock in decode(vector).items():
            clocks[client] = max(clock, clocks.get(client, 0))
    return encode(clocks)
