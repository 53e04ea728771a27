import pytest

from crdt.envelope import REFUSED, STORED
from crdt.errors import InvalidUpdate, ReadOnly, UnsupportedData
from crdt.messages import PermissionDenied, Update
from crdt.session import HocuspocusSession, Session
from tests.crdt.typist import Typist


def test_the_first_reason_to_refuse_a_client_stands() -> None:
    session = Session("peer")
    first = UnsupportedData()
    session.refuse(first)
    session.refuse(InvalidUpdate())
    assert session.error is first
    assert session.peer == "peer"


def test_a_y_websocket_client_gets_its_own_updates_back() -> None:
    update = Typist(1).type("a")
    assert Session().acknowledgement([update], []) == [Update(update).encode()]


def test_a_hocuspocus_client_gets_one_status_for_each_change() -> None:
    session, other = HocuspocusSession(), Typist(2).type("b")
    assert session.acknowledgement([b"one", b"two"], []) == [STORED, STORED]
    assert session.acknowledgement([b"one"], [other]) == [Update(other).encode(), STORED]
    assert session.acknowledgement([], [other]) == [Update(other).encode()]


def test_a_y_websocket_client_that_may_not_write_is_closed_and_later_only_told_once() -> None:
    session = Session()
    with pytest.raises(ReadOnly):
        session.refusal()
    session.forgiven = True
    assert session.refusal() == [PermissionDenied(ReadOnly().reason).encode()]
    assert session.refusal() == []


def test_a_hocuspocus_client_that_may_not_write_is_told_so_for_each_change() -> None:
    session = HocuspocusSession()
    assert [session.refusal(), session.refusal()] == [[REFUSED], [REFUSED]]
