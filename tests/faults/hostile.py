"""The known hostile updates, as bytes."""

from pathlib import Path

from crdt.encoding import write_bytes, write_string, write_uint


def kept() -> dict[str, list[bytes]]:
    """What was found before, by name."""
    lines = Path(__file__).with_name("crashes.txt").read_text().splitlines()
    named = (line.split() for line in lines if line and not line.startswith("#"))
    return {name: [bytes.fromhex(update) for update in updates] for name, *updates in named}


def _item(content: bytes) -> bytes:
    """An update with one item at the start of a root type."""
    return b"\x01\x01\x05\x00" + content[:1] + b"\x01\x01t" + content[1:] + b"\x00"


def nested_types(levels: int, client: int = 7) -> bytes:
    """Arrays in arrays."""
    inner = b"".join(b"\x07\x00" + write_uint(client) + write_uint(level) + b"\x00" for level in range(levels - 1))
    return b"\x01" + write_uint(levels) + write_uint(client) + b"\x00" + b"\x07\x01\x01t\x00" + inner + b"\x00"


def made() -> dict[str, list[bytes]]:
    """What is too long to write down, by name."""
    huge = b"\xff" * 6 + b"\x7f"
    return {
        "nested-types-deleted": [nested_types(100_000), b"\x00\x01\x07\x01\x00\x01"],
        "nested-values": [_item(b"\x08\x01" + b"\x75\x01" * 30_000 + b"\x7e")],
        "nested-json": [_item(b"\x05" + write_bytes(b"[" * 100_000))],
        "format-that-asks-for-terabytes": [_item(b"\x06" + write_string("b") + huge)],
        "number-without-end": [b"\xff" * 400_000],
        "parent-that-is-text": [_item(b"\x04\x01a"), b"\x01\x01\x06\x00\x04\x00\x05\x00\x01b\x00"],
        "many-deletions": [b"\x00\x01\x01" + write_uint(300_000) + b"\x00\x01" * 300_000],
        "many-structs": [b"\x01" + write_uint(600_000) + b"\x01\x00" + b"\x00\x01" * 600_000 + b"\x00"],
    }


def everything() -> dict[str, list[bytes]]:
    """All of them."""
    return kept() | made()
