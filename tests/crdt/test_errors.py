import pytest

from crdt import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.MalformedMessage, 1002),
        (errors.UnsupportedData, 1003),
        (errors.InvalidUpdate, 1007),
        (errors.InvalidAwareness, 1007),
        (errors.NoteFull, 1009),
        (errors.TryAgainLater, 1013),
        (errors.NoteGone, 4404),
        (errors.AccessEnded, 4401),
        (errors.ReadOnly, 4403),
        (errors.ResetConnection, 4205),
        (errors.AuthenticationTimeout, 4408),
    ],
)
def test_each_error_has_its_close_code_and_its_docstring_as_reason(
    error: type[errors.ProtocolError], code: int
) -> None:
    assert error.code == code
    assert error().reason == error.__doc__
    assert error("Because.").reason == "Because."


def test_a_reason_fits_a_close_frame_and_stays_utf_8() -> None:
    assert errors.ProtocolError("é" * 100).reason == "é" * 61
