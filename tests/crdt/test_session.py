from crdt.errors import InvalidUpdate, UnsupportedData
from crdt.session import Session


def test_the_first_reason_to_refuse_a_client_stands() -> None:
    session = Session("peer")
    first = UnsupportedData()
    session.refuse(first)
    session.refuse(InvalidUpdate())
    assert session.error is first
    assert session.peer == "peer"
