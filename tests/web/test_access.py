"""What a link lets somebody do, and what they are told when it does not let them any more."""

import pytest
from playwright.async_api import expect

from tests.web.conftest import OpenWindow
from tests.web.house import House
from tests.web.window import NETWORK, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_link_opens_the_note_and_its_token_leaves_the_address(house: House, window: OpenWindow) -> None:
    await house.note("deep", "down here\n")
    ada = await window(house, "deep", "Ada")
    await ada.shows("down here\n")
    assert ada.page.url == house.link("deep")
    await expect(ada.part("title")).to_have_value("Deep")
    await ada.page.reload()
    await ada.shows("down here\n")


async def test_the_last_note_is_opened_again(house: House, window: OpenWindow) -> None:
    await house.note("one", "first\n")
    await house.note("two", "second\n")
    ada = await window(house, "one", "Ada")
    await ada.row("two").click()
    await ada.shows("second\n")
    await ada.page.goto(house.link())
    await ada.shows("second\n")
    assert ada.page.url == house.link("two")


async def test_going_back_shows_the_note_before(house: House, window: OpenWindow) -> None:
    await house.note("one", "first\n")
    await house.note("two", "second\n")
    ada = await window(house, "one", "Ada")
    await ada.shows("first\n")
    await ada.row("two").click()
    await ada.shows("second\n")
    await ada.page.go_back()
    await ada.shows("first\n")
    await ada.page.go_forward()
    await ada.shows("second\n")


async def test_a_note_that_does_not_exist_is_offered_to_be_made(house: House, window: OpenWindow) -> None:
    await house.note("some", "")
    ada = await window(house, "nowhere", "Ada")
    ada.forgive(NETWORK)
    notice = ada.part("notice")
    await expect(notice).to_have_attribute("data-kind", "missing")
    assert "nowhere" not in await house.notes()
    await notice.get_by_role("button", name="Create it").click()
    await ada.write("made")
    await ada.saves()
    assert await house.content("nowhere") == "made"


async def test_a_link_to_read_shows_and_does_not_write(house: House, window: OpenWindow) -> None:
    await house.note("minutes", "- [ ] agreed\n")
    ada = await window(house, "minutes", "Ada")
    ben = await window(house, "minutes", "Ben", access="read")
    await expect(ben.editor).to_have_attribute("contenteditable", "false")
    await expect(ben.part("read-only")).to_be_visible()
    await ben.saves("readonly")
    await ben.editor.click()
    await ben.page.keyboard.type("no")
    await ben.page.locator("input.task-box").click(force=True)
    await ada.write("and on")
    await ben.shows("- [ ] agreed\nand on")
    await expect(ben.part("new-note")).not_to_be_enabled()
    assert await house.content("minutes") == "- [ ] agreed\nand on"


async def test_a_token_for_one_note_lists_that_alone(house: House, window: OpenWindow) -> None:
    await house.note("mine", "mine\n")
    await house.note("theirs", "theirs\n")
    link = house.link("mine", (await house.token("Ben", note="mine"))["token"])
    ben = await window(house, name="Ben", link=link)
    await ben.shows("mine\n")
    await expect(ben.part("note-row")).to_have_count(1)
    await ben.write("more")
    await ben.saves()
    assert await house.content("mine") == "mine\nmore"


async def gate(house: House, window: OpenWindow, token: str) -> None:
    """A token that is not good any more is refused with a sentence, and another one lets in."""
    ada = await window(house, name="Ada", link=house.link("plan", token), shown="token-gate")
    ada.forgive(NETWORK)
    await expect(ada.part("token-message")).not_to_be_empty()
    good = (await house.token("Ada"))["token"]
    await ada.part("token-field").fill(good)
    await ada.page.get_by_role("button", name="Open notes").click()
    await ada.shows("the plan\n")


async def test_a_token_that_has_expired_is_told_of_and_replaced(house: House, window: OpenWindow) -> None:
    await house.note("plan", "the plan\n")
    expired = (await house.token("Ada", seconds=1))["token"]
    await until(lambda: house.knows(expired), lambda known: not known)
    await gate(house, window, expired)


async def test_a_token_that_was_revoked_is_told_of_and_replaced(house: House, window: OpenWindow) -> None:
    await house.note("plan", "the plan\n")
    made = await house.token("Ada")
    await house.revoke(made["id"])
    await gate(house, window, made["token"])


async def test_without_a_token_the_page_asks_for_one(house: House, window: OpenWindow) -> None:
    ada = await window(house, name="Ada", link=house.link(), shown="token-gate")
    ada.forgive(NETWORK)
    await expect(ada.part("token-field")).to_be_visible()


async def test_a_token_that_is_revoked_while_somebody_writes_is_told_of_and_nothing_is_lost(
    house: House, window: OpenWindow
) -> None:
    await house.note("plan", "")
    made = await house.token("Ada")
    ada = await window(house, name="Ada", link=house.link("plan", made["token"]))
    ada.forgive(NETWORK)
    await ada.write("kept ")
    await ada.saves()
    await house.revoke(made["id"])
    await expect(ada.part("token-field")).to_be_visible()
    await ada.part("token-field").fill((await house.token("Ada"))["token"])
    await ada.page.get_by_role("button", name="Open notes").click()
    await ada.holds("kept ")
    await ada.write("and more")
    await ada.saves()
    assert await house.content("plan") == "kept and more"


async def test_a_token_that_is_made_read_only_stops_the_writing(house: House, window: OpenWindow) -> None:
    await house.note("plan", "")
    made = await house.token("Ada")
    ada = await window(house, name="Ada", link=house.link("plan", made["token"]))
    ada.forgive(NETWORK)
    await ada.write("kept ")
    await ada.saves()
    await house.revoke(made["id"], "read")
    await ada.saves("readonly")
    await expect(ada.editor).to_have_attribute("contenteditable", "false")
    assert await house.content("plan") == "kept "


async def test_a_token_that_ends_while_somebody_writes_is_told_of(house: House, window: OpenWindow) -> None:
    await house.note("plan", "")
    ada = await window(house, "plan", "Ada", seconds=12)
    ada.forgive(NETWORK)
    await ada.write("in time")
    await ada.saves()
    await expect(ada.part("token-field")).to_be_visible()
    assert await house.content("plan") == "in time"
