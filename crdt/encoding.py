"""The lib0 encoding of numbers, byte arrays and strings: strict, and bounded by the bytes at hand.

Every reader takes the bytes and a position and gives the value and the position behind it. Bytes that end too early
raise ``IndexError`` or ``MalformedMessage``; whoever parses a whole message turns the first into its own error.
"""

from crdt.errors import MalformedMessage

MAX_UINT = (1 << 53) - 1
"""The largest integer that JavaScript holds exactly, and so the largest that an honest client sends."""


def read_uint(data: bytes, at: int) -> tuple[int, int]:
    """Read a lib0 varUint: seven bits a byte, the lowest first.

    Raises:
        IndexError: the bytes end within the number.
        MalformedMessage: the number is larger than ``MAX_UINT``.
    """
    byte = data[at]
    at += 1
    if byte < 0x80:
        return byte, at
    value = byte & 0x7F
    shift = 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > MAX_UINT:
                raise MalformedMessage("A number in the message is larger than 2^53 - 1.")
            return value, at
        shift += 7
        if shift > 49:
            raise MalformedMessage("A number in the message is larger than 2^53 - 1.")


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Read a byte array: a varUint length, then that many bytes.

    Raises:
        IndexError: the bytes end within the length.
        MalformedMessage: fewer bytes follow than the length says.
    """
    length, at = read_uint(data, at)
    end = at + length
    if end > len(data):
        raise MalformedMessage(f"The message is cut short: {length} bytes are announced, {len(data) - at} follow.")
    return data[at:end], end


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """Read a byte array of UTF-8.

    Raises:
        IndexError: the bytes end within the length.
        MalformedMessage: fewer bytes follow than the length says, or they are not UTF-8.
    """
    raw, at = read_bytes(data, at)
    try:
        return raw.decode(), at
    except UnicodeDecodeError:
        raise MalformedMessage("A string in the message is not UTF-8.") from None


def write_uint(value: int) -> bytes:
    """Encode a lib0 varUint."""
    if value < 0x80:
        return bytes((value,))
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def write_bytes(value: bytes) -> bytes:
    """Encode a byte array: its length, then itself."""
    return write_uint(len(value)) + value


def write_string(value: str) -> bytes:
    """Encode a string: the length of its UTF-8 in bytes, then the UTF-8."""
    return write_bytes(value.encode())
