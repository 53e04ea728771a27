"""Rows 18 and 19: presence belongs to who announced it, and there is only so much of it."""

import pytest

from crdt.encoding import read_string, read_uint, write_string, write_uint
from crdt.errors import InvalidAwareness
from crdt.presence import EXPIRES, MAX_IDS, MAX_STATE_BYTES, AwarenessLimits, Presence
from crdt.session import Session

ANN, BOB = '{"name":"Ann"}', '{"name":"Bob"}'


def awareness(*states: tuple[int, int, str]) -> bytes:
    """An awareness update of (client id, clock, state)."""
    encoded = [write_uint(client) + write_uint(clock) + write_string(state) for client, clock, state in states]
    return write_uint(len(states)) + b"".join(encoded)


def read(payload: bytes | None) -> list[tuple[int, int, str]]:
    """The states of an awareness update."""
    assert payload is not None
    count, at = read_uint(payload, 0)
    states = []
    for _ in range(count):
        client, at = read_uint(payload, at)
        clock, at = read_uint(payload, at)
        state, at = read_string(payload, at)
        states.append((client, clock, state))
    assert at == len(payload)
    return states


@pytest.fixture
def presence() -> Presence:
    return Presence()


def test_a_state_is_told_once_and_kept_for_those_who_come_later(presence: Presence) -> None:
    ann = Session()
    presence.apply(ann, awareness((1, 1, ANN)), 0)
    assert read(presence.take_changes()) == [(1, 1, ANN)]
    assert presence.take_changes() is None
    assert read(presence.everyone()) == [(1, 1, ANN)]
    assert len(presence) == 1


def test_only_the_newest_state_of_a_turn_is_told(presence: Presence) -> None:
    ann = Session()
    for clock in range(1, 5):
        presence.apply(ann, awareness((1, clock, f'{{"at":{clock}}}')), 0)
    assert read(presence.take_changes()) == [(1, 4, '{"at":4}')]


def test_an_older_state_is_not_taken(presence: Presence) -> None:
    ann = Session()
    presence.apply(ann, awareness((1, 5, ANN)), 0)
    presence.take_changes()
    presence.apply(ann, awareness((1, 5, BOB)), 0)
    presence.apply(ann, awareness((1, 4, BOB)), 0)
    presence.apply(ann, awareness((1, 4, "null")), 0)
    assert presence.take_changes() is None
    assert read(presence.everyone()) == [(1, 5, ANN)]


def test_nobody_speaks_for_somebody_else(presence: Presence) -> None:
    ann, mallory = Session(), Session()
    presence.apply(ann, awareness((1, 1, ANN)), 0)
    presence.take_changes()
    presence.apply(mallory, awareness((1, 99, BOB)), 0)
    presence.apply(mallory, awareness((1, 99, "null")), 0)
    presence.leave(mallory, 0)
    assert presence.take_changes() is None
    assert read(presence.everyone()) == [(1, 1, ANN)]


def test_who_leaves_is_removed_for_all(presence: Presence) -> None:
    ann, bob = Session(), Session()
    presence.apply(ann, awareness((1, 3, ANN)), 0)
    presence.apply(bob, awareness((2, 1, BOB)), 0)
    presence.take_changes()
    presence.leave(ann, 1)
    assert read(presence.take_changes()) == [(1, 3, "null")]
    assert read(presence.everyone()) == [(2, 1, BOB)]


def test_a_client_may_take_itself_away(presence: Presence) -> None:
    ann = Session()
    presence.apply(ann, awareness((1, 3, ANN)), 0)
    presence.apply(ann, awareness((1, 4, "null")), 0)
    assert read(presence.take_changes()) == [(1, 4, "null")]
    presence.apply(ann, awareness((7, 1, "null")), 0)
    assert presence.take_changes() is None


def test_an_echo_does_not_bring_back_who_left(presence: Presence) -> None:
    ann, bob = Session(), Session()
    presence.apply(ann, awareness((1, 3, ANN)), 0)
    presence.leave(ann, 1)
    presence.take_changes()
    presence.apply(bob, awareness((1, 3, ANN)), 1)
    assert presence.take_changes() is None
    back = Session()
    presence.apply(back, awareness((1, 4, ANN)), 2)
    presence.apply(bob, awareness((1, 5, BOB)), 2)
    assert read(presence.take_changes()) == [(1, 4, ANN)]


def test_who_does_not_renew_expires(presence: Presence) -> None:
    ann, bob = Session(), Session()
    presence.apply(ann, awareness((1, 1, ANN)), 0)
    presence.apply(bob, awareness((2, 1, BOB)), 0)
    presence.apply(bob, awareness((2, 2, BOB)), 20)
    presence.take_changes()
    presence.expire(EXPIRES - 1)
    assert presence.take_changes() is None
    presence.expire(EXPIRES)
    assert read(presence.take_changes()) == [(1, 1, "null")]
    presence.apply(ann, awareness((1, 2, ANN)), EXPIRES)
    assert read(presence.take_changes()) == [(1, 2, ANN)]


def test_who_left_long_ago_is_forgotten(presence: Presence) -> None:
    ann = Session()
    presence.apply(ann, awareness((1, 3, ANN)), 0)
    presence.leave(ann, 0)
    presence.expire(EXPIRES)
    presence.take_changes()
    presence.apply(Session(), awareness((1, 3, ANN)), EXPIRES)
    assert read(presence.take_changes()) == [(1, 3, ANN)]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "cut short"),
        (b"\x01", "cut short"),
        (b"\x00\x00", "behind its end"),
        (awareness((1, 1, "{")), "not well-formed"),
        (awareness((1, 1, "NaN")), "NaN"),
        (awareness((1, 1, "[" * 50_000)), "not well-formed"),
        (awareness((1, 1, f'"{"x" * MAX_STATE_BYTES}"')), "larger than"),
        (b"\x01\x01\x01\x02\xff\xff", "not UTF-8"),
        (b"\x01\x01\x01\x0aab", "bytes are announced"),
    ],
)
def test_what_is_not_awareness_is_refused_and_nothing_of_it_taken(
    presence: Presence, payload: bytes, reason: str
) -> None:
    with pytest.raises(InvalidAwareness, match=reason):
        presence.apply(Session(), payload, 0)
    assert presence.take_changes() is None


def test_one_session_announces_only_so_many_ids(presence: Presence) -> None:
    ann = Session()
    presence.apply(ann, awareness(*((client, 1, ANN) for client in range(MAX_IDS))), 0)
    presence.apply(Session(), awareness((1000, 1, BOB)), 0)
    with pytest.raises(InvalidAwareness, match="at most 64"):
        presence.apply(ann, awareness((1001, 1, ANN)), 0)


def test_the_bounds_of_a_session_are_settings() -> None:
    presence = Presence(AwarenessLimits(state_bytes=20, session_ids=1))
    presence.apply(ann := Session(), awareness((1, 1, ANN)), 0)
    with pytest.raises(InvalidAwareness, match="at most 1 awareness"):
        presence.apply(ann, awareness((2, 1, ANN)), 0)
    with pytest.raises(InvalidAwareness, match="larger than 20"):
        presence.apply(ann, awareness((1, 2, f'"{"x" * 20}"')), 0)


@pytest.mark.parametrize("limits", [AwarenessLimits(note_ids=2), AwarenessLimits(note_bytes=2 * len(ANN) + 10)])
def test_who_comes_when_a_note_has_enough_is_not_shown_until_somebody_leaves(limits: AwarenessLimits) -> None:
    presence, (ann, bob, cat) = Presence(limits), (Session(), Session(), Session())
    for client, session in enumerate((ann, bob, cat), 1):
        presence.apply(session, awareness((client, 1, ANN)), 0)
    assert read(presence.everyone()) == [(1, 1, ANN), (2, 1, ANN)]
    presence.leave(cat, 0)
    presence.leave(bob, 0)
    presence.apply(cat, awareness((3, 2, ANN)), 0)
    assert read(presence.everyone()) == [(1, 1, ANN), (3, 2, ANN)]


def test_a_state_that_grows_beyond_what_a_note_may_have_stays_as_it_was() -> None:
    presence, ann = Presence(AwarenessLimits(note_bytes=40)), Session()
    presence.apply(Session(), awareness((2, 1, ANN)), 0)
    presence.apply(ann, awareness((1, 1, "1")), 0)
    presence.apply(ann, awareness((1, 2, f'"{"x" * 30}"')), 20)
    assert read(presence.everyone()) == [(2, 1, ANN), (1, 2, "1")]
    presence.expire(EXPIRES)
    assert read(presence.everyone()) == [(1, 2, "1")]
    with pytest.raises(InvalidAwareness, match="message is larger than 40"):
        presence.apply(ann, awareness((1, 3, f'"{"x" * 50}"')), 30)


def test_only_so_many_who_left_are_remembered() -> None:
    presence, ann = Presence(AwarenessLimits(note_ids=4)), Session()
    presence.apply(ann, awareness((5000, 1, ANN)), 0)
    for client in range(1000):
        presence.apply(ann, awareness((client, 1, ANN), (client, 1, "null")), 0)
    presence.apply(Session(), awareness((999, 1, ANN), (5, 1, ANN)), 0)
    assert read(presence.everyone()) == [(5000, 1, ANN), (5, 1, ANN)]
    assert len(presence._departed) == 4


def test_its_revision_and_its_states_follow_those_who_are_here(presence: Presence) -> None:
    ann, bob = Session(), Session()
    presence.apply(ann, awareness((1, 1, ANN)), 0)
    presence.apply(bob, awareness((2, 1, BOB)), 0)
    presence.take_changes()
    assert list(presence.states()) == [ANN, BOB]
    seen = presence.revision
    presence.apply(bob, awareness((2, 1, ANN)), 0)
    presence.take_changes()
    assert presence.revision == seen
    presence.leave(ann, 0)
    presence.take_changes()
    assert presence.revision > seen
    assert list(presence.states()) == [BOB]
