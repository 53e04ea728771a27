from server.auth.errors import Forbidden, Refused, Unauthorized


def test_each_has_its_status_and_its_docstring_as_sentence() -> None:
    assert [kind.status for kind in (Refused, Unauthorized, Forbidden)] == [403, 401, 403]
    assert str(Unauthorized()) == Unauthorized.__doc__
    assert str(Forbidden("Because.")) == "Because."
