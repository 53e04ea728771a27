from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, XmlElement, XmlFragment, XmlText

from crdt.encoding import write_string, write_uint
from crdt.errors import InvalidUpdate, ProtocolError
from crdt.structs import read_struct, utf16_length
from crdt.updates import scan
from crdt.values import MAX_DEPTH

ROOT = b"\x01" + write_string("content")
"""The parent of an item without neighbours: a root type."""


def item(ref: int, content: bytes) -> bytes:
    """A first item under a root type."""
    return bytes((ref,)) + ROOT + content


@pytest.mark.parametrize(
    ("name", "data", "length"),
    [
        ("collected", b"\x00\x07", 7),
        ("deleted", item(1, b"\x03"), 3),
        ("binary", item(3, b"\x02ab"), 1),
        ("text", item(4, write_string("abc")), 3),
        ("text with astral characters", item(4, write_string("a😀é")), 4),
        ("embed", item(5, write_string("{}")), 1),
        ("format", item(6, write_string("bold") + write_string("true")), 1),
        ("type", item(7, b"\x02"), 1),
        ("named type", item(7, b"\x03" + write_string("p")), 1),
        ("any", item(8, b"\x02\x7e\x78"), 2),
        ("document", item(9, write_string("guid") + b"\x76\x00"), 1),
    ],
)
def test_the_length_of_each_kind_of_content_is_read(name: str, data: bytes, length: int) -> None:
    assert read_struct(b"." + data, 1) == (length, (), False, 1 + len(data), data[0], None, False)


def test_a_hole_is_told_apart() -> None:
    assert read_struct(b"\x0a\x05", 0) == (5, (), True, 2, 10, None, False)


def test_a_key_is_told_where_it_is_written() -> None:
    key, text = write_string("key"), write_string("x")
    assert read_struct(b"\x24" + ROOT + key + text, 0).keyed
    assert read_struct(b"\x24\x00\x05\x06" + key + text, 0).keyed
    assert not read_struct(b"\xa4\x01\x02" + text, 0).keyed


def test_neighbours_and_a_nested_parent_are_what_an_item_needs() -> None:
    text = write_string("x")
    assert read_struct(b"\x84\x01\x02" + text, 0).needs == ((1, 2),)
    assert read_struct(b"\x44\x03\x04" + text, 0).needs == ((3, 4),)
    assert read_struct(b"\xc4\x01\x02\x03\x04" + text, 0).needs == ((1, 2), (3, 4))
    assert read_struct(b"\x04\x00\x05\x06" + text, 0).needs == ((5, 6),)
    assert read_struct(b"\x04\x00\x05\x06" + text, 0).parent == (5, 6)
    assert read_struct(b"\x84\x01\x02" + text, 0).parent is None
    assert read_struct(b"\x24\x00\x05\x06" + write_string("key") + text, 0).needs == ((5, 6),)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\x00", "no length"),
        (b"\x0a\x00", "no length"),
        (item(4, b"\x00"), "no length"),
        (item(8, b"\x00"), "no length"),
        (item(4, b"\x01\xff"), "not UTF-8"),
        (item(7, b"\x07"), r"shared type \(7\)"),
        (item(7, b"\x05" + write_string("hook")), r"shared type \(5\)"),
        (item(2, b"\x01" + write_string("1")), r"kind of content \(2\)"),
        (item(5, write_string("{")), "not JSON"),
        (item(6, write_string("bold") + write_string("")), "not JSON"),
        (item(11, b"\x00"), r"kind of content \(11\)"),
        (item(8, b"\x01\x01"), r"type \(1\)"),
        (item(8, b"\x01\x7d" + b"\xff" * 9 + b"\x01"), "larger than"),
        (item(8, b"\x01" + b"\x75\x01" * (MAX_DEPTH + 1)), "nested deeper"),
        (item(8, b"\x01" + b"\x76\x01\x00" * 30_000), "nested deeper"),
    ],
)
def test_what_is_not_well_formed_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidUpdate, match=reason):
        read_struct(data, 0)


@pytest.mark.parametrize("kind", [0, 1, 3, 4, 5, 6, 7, 8, 9])
def test_content_that_is_cut_short_runs_out_of_bytes(kind: int) -> None:
    whole = {
        0: b"\x00\x07",
        1: item(1, b"\x03"),
        3: item(3, b"\x02ab"),
        4: item(4, write_string("abc")),
        5: item(5, write_string("{}")),
        6: item(6, write_string("bold") + write_string("true")),
        7: item(7, b"\x03" + write_string("p")),
        8: item(8, b"\x01\x7b" + b"\x00" * 8),
        9: item(9, write_string("guid") + b"\x7e"),
    }[kind]
    for end in range(len(whole)):
        with pytest.raises((IndexError, ProtocolError)):
            read_struct(whole[:end], 0)


ANY: dict[str, Any] = {
    "null": None,
    "flag": True,
    "no": False,
    "int": -123456789,
    "zero": 0,
    "float": 1.5,
    "text": "é😀",
    "bytes": b"\x00\xff",
    "list": [1, [2, {"deep": [None]}]],
}


def test_every_kind_of_value_and_type_that_the_core_writes_is_read() -> None:
    doc: Doc[Any] = Doc(client_id=7)
    sent: list[bytes] = []
    doc.observe(lambda event: sent.append(event.update))
    mapping: Map[Any] = Map()
    array: Array[Any] = Array()
    doc["map"] = mapping
    doc["list"] = array
    doc["content"] = text = Text()
    doc["xml"] = xml = XmlFragment()
    with doc.transaction():
        for key, value in ANY.items():
            mapping[key] = value
        array.extend([1.25, Map({"a": Array([1])}), Doc(guid="sub")])
        text.insert(0, "some text", {"bold": True})
        text.format(2, 4, {"em": None, "link": {"href": "x"}})
        text.insert_embed(3, {"image": "x"})
        xml.children.append(XmlElement("p", {"class": "x"}, [XmlText("hi")]))
    mapping["text"] = "again"
    del text[0:3]
    del array[0]
    known: dict[int, int] = {}
    for update in sent:
        seen = scan(update, known)
        assert seen.complete
        known |= seen.ends
    replica: Doc[Any] = Doc()
    for update in sent:
        replica.apply_update(update)
    assert replica.get_state() == b"\x01\x07" + write_uint(known[7])


def test_a_length_is_counted_in_utf_16_code_units() -> None:
    assert utf16_length("a😀\u200d👩".encode()) == 6
