"""The values in an update: JSON, and what lib0 calls "any". They are read over, not built."""

import json
import re

from crdt.encoding import read_bytes, read_string, read_uint
from crdt.errors import InvalidUpdate

MAX_DEPTH = 64
"""How deep arrays and objects may be nested in one value."""

_FIXED = {120: 0, 121: 0, 122: 8, 123: 8, 124: 4, 126: 0, 127: 0}
"""Any values of a fixed size: true, false, bigint, float64, float32, null, undefined."""


def skip_any(data: bytes, at: int, depth: int = 0) -> int:
    """Give the position behind a lib0 "any" value.

    Raises:
        IndexError: the bytes end within it.
        ProtocolError: it is not well-formed, or nested deeper than ``MAX_DEPTH``.
    """
    kind = data[at]
    at += 1
    if kind in _FIXED:
        at += _FIXED[kind]
        if at > len(data):
            raise IndexError
        return at
    if kind == 125:
        return _skip_int(data, at)
    if kind == 119:
        return read_string(data, at)[1]
    if kind == 116:
        return read_bytes(data, at)[1]
    if kind in (117, 118):
        return _skip_nested(data, at, kind == 118, depth + 1)
    raise InvalidUpdate(f"A value in the update has a type ({kind}) that is not known here.")


def _skip_int(data: bytes, at: int) -> int:
    start = at
    while data[at] >= 0x80:
        at += 1
    if at - start > 8:
        raise InvalidUpdate("A number in the update is larger than 2^53 - 1.")
    return at + 1


def _skip_nested(data: bytes, at: int, keyed: bool, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise InvalidUpdate(f"A value in the update is nested deeper than {MAX_DEPTH} levels.")
    length, at = read_uint(data, at)
    for _ in range(length):
        if keyed:
            _, at = read_string(data, at)
        at = skip_any(data, at, depth)
    return at


def skip_json(data: bytes, at: int) -> int:
    """Give the position behind a string that holds one JSON value.

    Raises:
        IndexError: the bytes end within it.
        ProtocolError: it is no JSON, or nested deeper than ``MAX_DEPTH``.
    """
    text, at = read_string(data, at)
    if text in _PLAIN_JSON:
        return at
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidUpdate("A value in the update is not JSON.") from None
    return at


_PLAIN_JSON = frozenset(("null", "true", "false", "{}"))
"""The usual values of a mark."""


def _check_depth(text: str) -> None:
    """Count the brackets outside strings."""
    depth = 0
    for character in _STRING.sub("", text):
        depth += (character in "[{") - (character in "]}")
        if depth > MAX_DEPTH:
            raise InvalidUpdate(f"A value in the update is nested deeper than {MAX_DEPTH} levels.")


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def _no_constant(name: str) -> None:
    raise ValueError(name)
