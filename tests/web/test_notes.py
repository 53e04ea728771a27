"""The list of notes, and what is done with a note."""

import pytest
from playwright.async_api import expect

from tests.web.conftest import OpenWindow
from tests.web.house import House
from tests.web.window import NETWORK, Window, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def titles(window: Window) -> list[str]:
    """The titles in the list, from the top."""
    rows = await window.part("note-row").all_inner_texts()
    return [row.splitlines()[0] for row in rows if row]


async def test_an_empty_workspace_has_a_note_that_explains_itself(house: House, window: OpenWindow) -> None:
    await house.delete("spec")  # what every new workspace has
    ada = await window(house, name="Ada")
    await expect(ada.part("note-row")).to_have_count(1)
    text = await until(ada.text, lambda shown: "#" in shown)
    assert 5 <= len([line for line in text.splitlines() if line]) <= 12
    assert "window" in text
    await ada.saves()
    again = await window(house, name="Ben")
    await again.shows(text)
    assert len(await house.notes()) == 1


async def test_a_new_note_is_named_and_written_in_and_seen_by_others(house: House, window: OpenWindow) -> None:
    await house.note("one")
    ada, ben = await window(house, "one", "Ada"), await window(house, "one", "Ben")
    await ada.part("new-note").click()
    await expect(ada.part("title")).to_be_focused()
    await ada.part("title").fill("Shopping list")
    await ada.part("title").press("Enter")
    await ada.write("- milk\n")
    await ada.saves()
    await expect(ben.page.get_by_role("link", name="Shopping list")).to_be_visible()
    await ben.page.get_by_role("link", name="Shopping list").click()
    await ben.holds("- milk")
    assert "Shopping list" in (await house.notes()).values()


async def test_a_list_goes_on_by_itself(house: House, window: OpenWindow) -> None:
    await house.note("list", "")
    ada = await window(house, "list", "Ada")
    await ada.write("- one")
    await ada.page.keyboard.press("Enter")
    await ada.type("two")
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.press("Enter")
    await ada.type("1. first")
    await ada.page.keyboard.press("Enter")
    await ada.type("second")
    text = await until(ada.text, lambda shown: "second" in shown)
    assert "- one\n- two\n" in text
    assert "1. first\n2. second" in text


async def test_a_task_is_ticked_for_everybody(house: House, window: OpenWindow) -> None:
    await house.note("tasks", "- [ ] buy\n- [x] sell\n")
    ada, ben = await window(house, "tasks", "Ada"), await window(house, "tasks", "Ben")
    await ada.page.locator("input.task-box").first.click()
    await ben.shows("- [x] buy\n- [x] sell\n")
    await expect(ben.page.locator("input.task-box").first).to_be_checked()


async def test_a_title_that_is_changed_elsewhere_is_shown(house: House, window: OpenWindow) -> None:
    await house.note("plan", "", title="Before")
    ada = await window(house, "plan", "Ada")
    await expect(ada.part("title")).to_have_value("Before")
    await house.note("plan", title="After")
    await expect(ada.part("title")).to_have_value("After")
    await expect(ada.row("plan")).to_contain_text("After")


async def test_the_list_is_filtered_while_one_types(house: House, window: OpenWindow) -> None:
    for title in ("Apples", "Bread", "Pineapple"):
        await house.note(title.lower(), title=title)
    ada = await window(house, "bread", "Ada")
    await expect(ada.row("apples")).to_be_visible()
    await ada.part("filter").fill("apple")
    await expect(ada.row("bread")).to_have_count(0)
    await expect(ada.row("pineapple")).to_be_visible()
    await ada.part("filter").fill("")
    await expect(ada.row("bread")).to_be_visible()


async def test_a_copy_has_the_text_and_is_a_note_of_its_own(house: House, window: OpenWindow) -> None:
    await house.note("plan", "the plan 😀\n")
    ada = await window(house, "plan", "Ada")
    await ada.shows("the plan 😀\n")
    await ada.chooses("Duplicate")
    await until(house.notes, lambda notes: len(notes) == 3)  # with `spec`
    await expect(ada.page).not_to_have_url(house.link("plan"))
    await ada.shows("the plan 😀\n")
    await ada.write("copy")
    await ada.saves()
    assert await house.content("plan") == "the plan 😀\n"


async def test_a_deletion_can_be_undone(house: House, window: OpenWindow) -> None:
    await house.note("plan", "the plan\n")
    await house.note("other", "")
    ada = await window(house, "plan", "Ada")
    await ada.shows("the plan\n")
    await ada.chooses("Delete")
    await expect(ada.row("plan")).to_have_count(0)
    await ada.part("toast").get_by_role("button", name="Undo").click()
    await expect(ada.row("plan")).to_be_visible()
    assert await house.content("plan") == "the plan\n"


async def test_a_deletion_that_is_not_undone_is_done(house: House, window: OpenWindow) -> None:
    await house.note("plan", "the plan\n")
    await house.note("other", "")
    ada, ben = await window(house, "plan", "Ada"), await window(house, "plan", "Ben")
    for one in (ada, ben):
        one.forgive(NETWORK)
    await ben.shows("the plan\n")
    await ada.chooses("Delete")
    await ada.part("toast").get_by_role("button", name="Dismiss").click()
    await until(lambda: house.content("plan"), lambda text: text is None)
    await expect(ben.part("notice")).to_have_attribute("data-kind", "deleted")
    await expect(ada.row("plan")).to_have_count(0)


async def test_details_are_changed(house: House, window: OpenWindow) -> None:
    await house.note("job", "", metadata={"type": "task"})
    ada = await window(house, "job", "Ada")
    await ada.chooses("Details")
    dialog = ada.page.get_by_role("dialog", name="Details")
    await expect(dialog).to_be_visible()
    await expect(dialog.get_by_label("Type")).to_have_value("task")
    await ada.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_text_is_found_and_replaced(house: House, window: OpenWindow) -> None:
    await house.note("search", "one cat, two cats, no dog\n")
    ada = await window(house, "search", "Ada")
    await ada.chooses("Find and replace")
    await ada.page.get_by_role("textbox", name="Find").fill("cat")
    await ada.page.get_by_role("textbox", name="Replace").fill("bird")
    await ada.page.get_by_role("button", name="replace all").click()
    await ada.shows("one bird, two birds, no dog\n")
    await ada.saves()
    assert await house.content("search") == "one bird, two birds, no dog\n"


async def test_words_are_counted(house: House, window: OpenWindow) -> None:
    await house.note("words", "one two three\n")
    ada = await window(house, "words", "Ada")
    await expect(ada.part("word-count")).to_contain_text("3")
    await ada.write("four five")
    await expect(ada.part("word-count")).to_contain_text("5")


async def test_a_name_is_chosen_once_and_kept(house: House, window: OpenWindow) -> None:
    await house.note("plan", "")
    ada, ben = await window(house, "plan", "Ada"), await window(house, "plan", "Ben")
    await ada.part("you").click()
    dialog = ada.page.get_by_role("dialog", name="You")
    await dialog.get_by_label("Name").fill("Countess Ada")
    await ada.page.keyboard.press("Enter")
    await expect(ben.part("avatar")).to_have_attribute("data-name", "Countess Ada")
    await ada.page.reload()
    await expect(ada.part("you")).to_have_accessible_name("You: Countess Ada")
    await expect(ben.part("avatar")).to_have_attribute("data-name", "Countess Ada")


async def test_a_note_of_a_megabyte_opens_and_is_written_in(house: House, window: OpenWindow) -> None:
    line = "The quick brown fox jumps over the lazy dog, and *emphasises* `code`. "
    text = "# Large\n\n" + "".join(f"{line}{number}\n" for number in range(1_000_000 // len(line)))
    await house.note("large", text)
    ada, ben = await window(house, "large", "Ada"), await window(house, "large", "Ben")
    await ada.holds(text[-40:])
    await ada.page.evaluate(
        """() => {
          globalThis.long = []
          const keep = list => long.push(...list.getEntries().map(one => one.duration))
          new PerformanceObserver(keep).observe({ type: 'longtask' })
        }"""
    )
    await ada.write("typed at the end of it", at="Control+End")
    await ada.write("and at its beginning ", at="Control+Home")
    await ben.holds("typed at the end of it", "and at its beginning ")
    print("long tasks in ms:", await ada.page.evaluate("globalThis.long"))
    # Of a megabyte, some lines are drawn.
    assert await ada.page.locator(".cm-line").count() < 500
    await ada.saves()
    assert await house.content("large") == "and at its beginning " + text + "typed at the end of it"
