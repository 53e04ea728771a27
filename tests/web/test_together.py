"""Several people write in one note at once, each in a browser of their own."""

import asyncio

import pytest
from playwright.async_api import expect
from websockets.asyncio.client import connect

from crdt.messages import AwarenessUpdate
from tests.crdt.test_presence import awareness
from tests.web.conftest import OpenWindow
from tests.web.house import House
from tests.web.window import Window, box, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

EMOJI = "😀👩‍👩‍👧🇩🇪"


async def agree(windows: list[Window], *parts: str) -> str:
    """Wait until every window has the same text, with all the parts in it."""

    async def texts() -> list[str]:
        return [await one.text() for one in windows]

    shown = await until(texts, lambda all_: len(set(all_)) == 1 and all(part in all_[0] for part in parts))
    return shown[0]


async def test_two_who_type_at_once_end_with_the_same_text(house: House, window: OpenWindow) -> None:
    await house.note("plan", "# Plan\n\n")
    ada, ben = await window(house, "plan", "Ada"), await window(house, "plan", "Ben")
    await asyncio.gather(ada.write(f"Ada {EMOJI} writes. "), ben.write(f"{EMOJI} Ben, too. ", at="Control+Home"))
    text = await agree([ada, ben], f"Ada {EMOJI} writes. ", f"{EMOJI} Ben, too. ", "# Plan")
    assert "\ufffd" not in text
    await asyncio.gather(ada.saves(), ben.saves())
    assert await house.content("plan") == text


async def test_emoji_between_two_who_type_and_delete_are_never_halved(house: House, window: OpenWindow) -> None:
    await house.note("emoji", "😀" * 20)
    ada, ben = await window(house, "emoji", "Ada"), await window(house, "emoji", "Ben")

    async def fiddle(one: Window, letter: str) -> None:
        await one.editor.focus()
        await one.page.keyboard.press("Control+Home")
        for _ in range(6):
            await one.page.keyboard.press("ArrowRight")
            await one.page.keyboard.type(letter)
            await one.page.keyboard.press("Delete")
            await one.page.keyboard.type("😁")

    await asyncio.gather(fiddle(ada, "a"), fiddle(ben, "b"))
    await asyncio.gather(ada.saves(), ben.saves())
    text = await agree([ada, ben])
    assert set(text) <= {"😀", "😁", "a", "b"}  # no half of any; who deletes may hit a letter of the other
    assert await house.content("emoji") == text


async def test_five_who_type_at_once_end_with_the_same_text(house: House, window: OpenWindow) -> None:
    await house.note("meeting", "Minutes:\n")
    windows = [await window(house, "meeting", f"Guest{number}") for number in range(5)]
    words = [f"[{one.name} {EMOJI}]" for one in windows]
    await asyncio.gather(*(one.write(word) for one, word in zip(windows, words, strict=True)))
    letters = await agree(windows, "Minutes:\n")
    assert sorted(letters.replace("Minutes:\n", "")) == sorted("".join(words))
    await asyncio.gather(*(one.saves() for one in windows))
    assert await house.content("meeting") == letters


async def test_each_sees_the_others_cursors_names_and_selections(house: House, window: OpenWindow) -> None:
    await house.note("draft", "one two three\nfour\n")
    ada, ben = await window(house, "draft", "Ada"), await window(house, "draft", "Ben")
    await ada.write("", at="Control+Home")
    cursor = ben.page.locator('.remote-cursor[data-name="Ada"]')
    await expect(cursor).to_have_count(1)
    await expect(cursor.locator(".remote-cursor-label")).to_have_text("Ada")
    await ada.page.keyboard.press("Shift+End")
    marked, line = await box(ben.page.locator(".remote-selection").first), await box(ben.page.locator(".cm-line").first)
    assert marked["y"] < line["y"] + line["height"] / 2 < marked["y"] + marked["height"]
    assert marked["width"] > 80  # as wide as three words are at least
    avatar = ben.part("avatar")
    await expect(avatar).to_have_attribute("data-name", "Ada")
    await expect(avatar).to_have_attribute("data-kind", "person")
    await ada.page.close()
    await expect(cursor).to_have_count(0)
    await expect(avatar).to_have_count(0)


async def test_the_name_above_the_first_line_is_not_cut_off(house: House, window: OpenWindow) -> None:
    await house.note("first", "first line\n")
    ada, ben = await window(house, "first", "Ada"), await window(house, "first", "Ben")
    await ada.write("x", at="Control+Home")
    label = ben.page.locator('.remote-cursor[data-name="Ada"] .remote-cursor-label')
    name, around = await box(label), await box(ben.page.locator(".cm-scroller"))
    assert name["y"] >= around["y"] - 0.5
    assert name["x"] >= around["x"] - 0.5


async def test_a_cursor_on_an_empty_last_line_is_shown_there(house: House, window: OpenWindow) -> None:
    await house.note("last", "one\ntwo\n")
    ada, ben = await window(house, "last", "Ada"), await window(house, "last", "Ben")
    await ada.write("")
    cursor = ben.page.locator('.remote-cursor[data-name="Ada"]')
    await expect(cursor).to_have_count(1)
    last = await box(ben.page.locator(".cm-line").last)

    async def middle() -> float:
        bar = await cursor.bounding_box()
        return bar["y"] + bar["height"] / 2 if bar else 0

    await until(middle, lambda at: last["y"] < at < last["y"] + last["height"])


async def test_undo_takes_back_ones_own_edits_alone(house: House, window: OpenWindow) -> None:
    await house.note("undo", "start ")
    ada, ben = await window(house, "undo", "Ada"), await window(house, "undo", "Ben")
    await ada.write("adas ")
    await ben.holds("adas ")
    await ben.write("bens ")
    await ada.holds("bens ")
    await ada.page.keyboard.press("Control+z")
    await ben.shows("start bens ")
    await ada.page.keyboard.press("Control+Shift+z")
    await agree([ada, ben], "adas ", "bens ")


async def test_undo_goes_to_what_it_changed(house: House, window: OpenWindow) -> None:
    await house.note("far", "".join(f"line {number}\n" for number in range(400)))
    ada = await window(house, "far", "Ada")
    await ada.write("changed ", at="Control+Home")
    await ada.page.keyboard.press("Control+End")
    changed = ada.page.locator(".cm-line").filter(has_text="line 0")
    await expect(changed).not_to_be_in_viewport()
    await ada.page.keyboard.press("Control+z")
    await expect(changed).to_be_in_viewport()
    await until(ada.text, lambda text: text.startswith("line 0\n"))


async def test_an_agent_is_marked_as_one(house: House, window: OpenWindow) -> None:
    await house.note("robots", "")
    ada = await window(house, "robots", "Ada")
    token = (await house.token("Scribe"))["token"]
    state = '{"user": {"name": "Scribe", "color": "#0b6bcb", "kind": "agent"}}'
    async with connect(f"{house.server.ws_url}/{house.workspace}/robots?token={token}") as socket:
        await socket.send(AwarenessUpdate(awareness((1, 1, state))).encode())
        await expect(ada.part("avatar")).to_have_attribute("data-name", "Scribe")
        await expect(ada.part("avatar")).to_have_attribute("data-kind", "agent")
    await expect(ada.part("avatar")).to_have_count(0)


async def test_one_follows_another_to_where_they_write(house: House, window: OpenWindow) -> None:
    await house.note("long", "".join(f"line {number}\n" for number in range(400)))
    ada, ben = await window(house, "long", "Ada"), await window(house, "long", "Ben")
    await ada.write("here")
    await ben.part("avatar").click()
    await expect(ben.part("avatar")).to_have_attribute("aria-pressed", "true")
    await expect(ben.page.locator('.remote-cursor[data-name="Ada"]')).to_be_in_viewport()
    await ada.write("up here", at="Control+Home")
    await expect(ben.page.locator(".cm-line").filter(has_text="up here")).to_be_in_viewport()


async def test_who_is_in_a_note_is_shown_in_the_list(house: House, window: OpenWindow) -> None:
    await house.note("busy")
    await house.note("quiet")
    ada, ben = await window(house, "busy", "Ada"), await window(house, "quiet", "Ben")
    people = ben.row("busy").get_by_test_id("row-people")
    await expect(people).to_contain_text("A")
    await ada.page.close()
    await expect(people).to_have_count(0)
