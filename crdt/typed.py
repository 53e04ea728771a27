"""Text that was typed beside what is there: how nearly all updates look, read at once and merged without native code.

One run of ASCII is read with one regular expression. Runs are merged by writing them behind each other; a run that goes
on where the last one of its client ended is written as one with it, which is what Yjs makes of them, too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from crdt.encoding import MAX_UINT, write_uint
from crdt.structs import MAX_CLOCK, Id, read_head

# As every editor writes them. The same number in more bytes than it needs would make one client look like two.
_UINT = rb"([\x80-\xff]{0,7}[\x01-\x7f]|\x00)"
_TYPED = re.compile(
    rb"\x01\x01%b%b([\x84\x44]%b%b|\xc4%b%b%b%b)([\x01-\x7f])([\x00-\x7f]+)\x00" % ((_UINT,) * 8), re.DOTALL
)
_RIGHT_ALONE = 0x44


class Run(NamedTuple):
    """One string item of a client, as it is written in an update."""

    client: bytes
    """The client's id, as a varUint."""
    clock: int
    end: int
    """The clock behind it."""
    head: bytes
    """What stands before the text: the kind of item, and its neighbours' ids."""
    right: bytes
    """The id of its right neighbour, or nothing."""
    goes_on: bool
    """Whether its left neighbour is what the same client wrote before it."""
    text: bytes


class Typed(bytes):
    """An update that is known to be of such runs, each client's without a gap, and nothing else."""

    runs: Sequence[Run]


def read(update: bytes, known: Mapping[int, int]) -> tuple[int, Run] | None:
    """Give the id of the client and the run if the update is one, new, in order, and beside what is known.

    Args:
        update: the update, format v1.
        known: for each client, the clock up to which its structs are known.
    """
    found = _TYPED.fullmatch(update)
    if found is None:
        return None
    raw, raw_clock, head, other, other_clock, left, left_clock, right, right_clock, length, text = found.groups(b"")
    client = _client(raw)
    mine = known.get(client, 0)
    clock = _uint(raw_clock)
    end = clock + length[0]
    if length[0] != len(text) or clock != mine or end > MAX_CLOCK or client > MAX_UINT:
        return None
    if other:
        left, left_clock = other, other_clock
    beside = _uint(left_clock)
    if beside >= (mine if left == raw else known.get(_client(left), 0)):
        return None
    if right and _uint(right_clock) >= (mine if right == raw else known.get(_client(right), 0)):
        return None
    if head[0] == _RIGHT_ALONE:
        return client, Run(raw, clock, end, head, left + left_clock, False, text)
    return client, Run(raw, clock, end, head, right + right_clock, beside == clock - 1 and left == raw, text)


def beside(run: Run) -> tuple[Id, ...]:
    """Give the ids of its neighbours, as far as it names them."""
    return read_head(run.head, 0)[0]


def _uint(raw: bytes) -> int:
    size = len(raw)
    if size == 1:
        return raw[0]
    if size == 2:
        return raw[0] & 0x7F | raw[1] << 7
    if size == 3:
        return raw[0] & 0x7F | (raw[1] & 0x7F) << 7 | raw[2] << 14
    value = 0
    for byte in reversed(raw):
        value = value << 7 | byte & 0x7F
    return value


_client = lru_cache(1024)(_uint)
"""Who writes now will write again."""


def typed(update: bytes, run: Run) -> Typed:
    """Say of an update that it is one run."""
    known = Typed(update)
    known.runs = (run,)
    return known


def join(updates: Iterable[bytes]) -> Typed | None:
    """Merge updates in the order of their coming; nothing when they are not all known to be typed, without a gap."""
    by_client: dict[bytes, list[Run]] = {}
    for update in updates:
        if type(update) is not Typed:
            return None
        for run in update.runs:
            runs = by_client.get(run.client)
            if runs is None:
                by_client[run.client] = [run]
            elif runs[-1].end != run.clock:
                return None
            else:
                runs.append(run)
    sections = {client: _squashed(runs) for client, runs in by_client.items()}
    joined = Typed(_update(map(_section, sections.values())))
    joined.runs = [run for runs in sections.values() for run in runs]
    return joined


def join_others(updates: Sequence[bytes]) -> list[bytes] | None:
    """For each update, merge all the others; nothing when they are not all known to be typed, by other clients each."""
    sections: list[bytes] = []
    clients: set[bytes] = set()
    for update in updates:
        if type(update) is not Typed or len({run.client for run in update.runs}) != 1:
            return None
        clients.add(update.runs[0].client)
        sections.append(_section(update.runs))
    if len(clients) < len(updates):
        return None
    head = write_uint(len(sections) - 1)
    return [b"".join((head, *sections[:i], *sections[i + 1 :], b"\x00")) for i in range(len(sections))]


def _squashed(runs: list[Run]) -> list[Run]:
    if len(runs) == 1:
        return runs
    squashed: list[Run] = []
    first, end, texts = runs[0], runs[0].end, [runs[0].text]
    for run in runs[1:]:
        if run.goes_on and run.right == first.right:
            texts.append(run.text)
        else:
            squashed.append(first._replace(end=end, text=b"".join(texts)))
            first, texts = run, [run.text]
        end = run.end
    squashed.append(first._replace(end=end, text=b"".join(texts)))
    return squashed


def _section(runs: Sequence[Run]) -> bytes:
    structs = b"".join([run.head + write_uint(len(run.text)) + run.text for run in runs])
    return write_uint(len(runs)) + runs[0].client + write_uint(runs[0].clock) + structs


def _update(sections: Iterable[bytes]) -> bytes:
    written = list(sections)
    return b"".join((write_uint(len(written)), *written, b"\x00"))
