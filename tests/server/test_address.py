import pytest

from server.address import BadAddress, parse_note_path
from stores.notelog import NoteKey


@pytest.mark.parametrize(
    ("path", "key"),
    [
        (b"default/spec", ("default", "spec")),
        (b"a%2Fb/c%20d", ("a/b", "c d")),
        (b"w/%2525", ("w", "%25")),
        (b"w/%C3%A9%F0%9F%98%80", ("w", "é😀")),
        (b"w/" + b"n" * 200, ("w", "n" * 200)),
        (b"w/..", ("w", "..")),
    ],
)
def test_each_id_is_decoded_once(path: bytes, key: tuple[str, str]) -> None:
    assert parse_note_path(path) == NoteKey(*key)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (b"", "must be /ws/"),
        (b"note", "must be /ws/"),
        (b"a/b/c", "slash within an id is written %2F"),
        (b"/note", "workspace id must have 1 to 200 characters; this one has 0"),
        (b"w/", "note id must have 1 to 200"),
        (b"w/" + b"n" * 201, "this one has 201"),
        (b"w/a%00", "control characters"),
        (b"w%0a/n", "workspace id must not contain control"),
        (b"w/%C2%85", "control characters"),
        (b"w/%ff", "not UTF-8"),
        (b"w/%ED%A0%80", "not UTF-8"),
    ],
)
def test_any_other_path_is_refused_with_a_sentence(path: bytes, sentence: str) -> None:
    with pytest.raises(BadAddress, match=sentence):
        parse_note_path(path)
