import pytest

from crdt.encoding import write_string
from crdt.envelope import (
    Credentials,
    Envelope,
    Kind,
    authenticated,
    closed,
    denied,
    open_envelope,
    read_credentials,
    stateless,
)
from crdt.errors import MalformedMessage
from crdt.messages import QueryAwareness, Update

ADDRESS = write_string("w/n")


def test_behind_the_address_sync_is_as_in_y_websocket() -> None:
    message = Update(b"ab").encode()
    assert open_envelope(ADDRESS + message) == Envelope(ADDRESS, "w/n", Kind.SYNC, message, message[1:])
    assert open_envelope(ADDRESS + QueryAwareness().encode()).kind is Kind.QUERY_AWARENESS


def test_an_address_may_carry_an_id_of_the_client() -> None:
    address = write_string("w/n\0k3x")
    envelope = open_envelope(address + b"\x07")
    assert (envelope.address, envelope.name, envelope.kind) == (address, "w/n", Kind.CLOSE)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "cut short"),
        (b"\x03w/n", "cut short"),
        (b"\x05w/n", "announced"),
        (b"\x02\xff\xff\x00", "not UTF-8"),
        (b"\x00\x00", "blank"),
        (write_string("  ") + b"\x00", "blank"),
        (write_string("\0k3x") + b"\x00", "blank"),
        (ADDRESS + b"\x04", "type 4 is not for clients"),
        (ADDRESS + b"\x06", "type 6 is not for clients"),
        (ADDRESS + b"\x08\x01", "type 8 is not for clients"),
    ],
)
def test_anything_else_is_refused(frame: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=reason):
        open_envelope(frame)


def test_credentials_carry_a_token_and_from_version_4_the_version() -> None:
    assert read_credentials(b"\x00" + write_string("t")) == Credentials("t", None)
    assert read_credentials(b"\x00" + write_string("") + write_string("4.8.0")) == Credentials("", "4.8.0")


@pytest.mark.parametrize(("payload", "reason"), [(b"", "cut short"), (b"\x00", "cut short"), (b"\x01\x00", "type 1")])
def test_credentials_that_are_not_well_formed_are_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=reason):
        read_credentials(payload)


def test_the_server_s_own_messages() -> None:
    assert authenticated() == b"\x02\x02\x0aread-write"
    assert authenticated(read_only=True) == b"\x02\x02\x08readonly"
    assert denied("no") == b"\x02\x01\x02no"
    assert closed("gone") == b"\x07\x04gone"
    assert stateless(write_string("hi")) == b"\x05\x02hi"


@pytest.mark.parametrize(
    ("payload", "reason"), [(b"", "cut short"), (b"\x00\x00", "behind its end"), (b"\x02a", "ann")]
)
def test_a_stateless_message_that_is_no_string_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(MalformedMessage, match=reason):
        stateless(payload)
