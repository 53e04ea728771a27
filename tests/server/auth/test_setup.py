"""Row 32: what a server needs to tell who is who, or it does not start."""

from pathlib import Path

import pytest

from server.auth.secret import FILE, made
from server.auth.setup import is_loopback, tokens_of
from stores.errors import Misconfigured
from tests.server.conftest import quick


def test_off_means_no_tokens_wherever_the_server_listens() -> None:
    assert tokens_of(quick(host="0.0.0.0")) is None


def test_on_this_machine_a_server_makes_a_secret_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    tokens = tokens_of(quick(auth="on", data_dir=folder))
    assert tokens is not None
    assert tokens.makes
    assert (folder / FILE).exists()
    assert tokens_of(quick(auth="on")) is not None


async def test_servers_with_the_same_folder_or_secret_take_each_others_tokens(tmp_path: Path) -> None:
    for settings in (quick(auth="on", data_dir=tmp_path), quick(auth="on", auth_secret=made(), host="0.0.0.0")):
        one, other = tokens_of(settings), tokens_of(settings)
        assert one is not None
        assert other is not None
        assert (await other.read(one.make([], 0, None).token)).grants == ()


def test_a_server_that_others_can_reach_needs_something_to_tell_who_is_who() -> None:
    with pytest.raises(Misconfigured, match="ROUTA_AUTH_SECRET"):
        tokens_of(quick(auth="on", host="0.0.0.0"))


def test_a_placeholder_stops_the_start() -> None:
    with pytest.raises(Misconfigured, match="placeholder"):
        tokens_of(quick(auth="on", auth_secret="change-me-to-something-long-and-random"))


def test_an_identity_provider_is_enough() -> None:
    tokens = tokens_of(quick(auth="on", host="0.0.0.0", auth_jwks="https://login.example.com/jwks.json"))
    assert tokens is not None
    assert not tokens.makes


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("notes.local", False),
    ],
)
def test_loopback_is_reached_from_this_machine_alone(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
