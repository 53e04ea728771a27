"""The page for those who use a keyboard, a screen reader, a phone or the dark: axe finds nothing in it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import expect

from tests.packaging import checkout
from tests.web.conftest import OpenWindow
from tests.web.house import House
from tests.web.window import NETWORK, Window, box, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

AXE = checkout.ROOT / "web/node_modules/axe-core/axe.min.js"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
TEXT = """# A heading

Some *words*, a [link](https://example.org) and `code`.

- [ ] open
- [x] done

> quoted

```python
answer = 42  # forty-two
```

| a | b |
| --- | --- |
| 1 | 2 |
"""
FOCUSED = "() => document.activeElement?.closest('[data-testid]')?.dataset.testid ?? document.activeElement?.tagName"
RING = """() => {
  const seen = [document.activeElement, document.activeElement.parentElement].map(one => getComputedStyle(one))
  return seen.some(style => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) ||
    style.boxShadow !== 'none')
}"""


async def violations(window: Window) -> list[str]:
    """What axe finds in what is shown now: the rule, and where."""
    found = await window.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


async def keyboard_map(window: Window) -> None:
    await window.page.keyboard.press("Control+/")
    await expect(window.page.get_by_role("dialog", name="Keyboard")).to_be_visible()


async def you(window: Window) -> None:
    await the_list(window)
    await window.part("you").click()
    await expect(window.page.get_by_role("dialog", name="You")).to_be_visible()


async def details(window: Window) -> None:
    await window.chooses("Details")
    await expect(window.page.get_by_role("dialog", name="Details")).to_be_visible()


async def menu(window: Window) -> None:
    await window.part("note-menu").click()
    await expect(window.page.get_by_role("menu")).to_be_visible()


async def reading(window: Window) -> None:
    await window.part("view-read").click()
    await expect(window.part("preview")).to_be_visible()


async def toast(window: Window) -> None:
    await window.chooses("Delete")
    await expect(window.part("toast")).to_be_visible()


async def the_list(window: Window) -> None:
    if await window.part("show-list").is_visible():
        await window.part("show-list").click()
    await expect(window.row("plan")).to_be_visible()


SCENES: dict[str, Callable[[Window], Awaitable[None]]] = {
    "keyboard map": keyboard_map,
    "you": you,
    "details": details,
    "menu": menu,
    "list": the_list,
    "reading": reading,  # the view is kept
    "toast": toast,  # last: when the page is left, the note is deleted
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
async def test_axe_finds_nothing(house: House, window: OpenWindow, scheme: str, size: dict[str, Any]) -> None:
    await house.note("plan", TEXT)
    await house.note("job", "", metadata={"type": "task"})
    await house.note("outline", "", metadata={"type": "spec"})
    options = {**size, "color_scheme": scheme, "reduced_motion": "reduce"}
    ada, ben = await window(house, "plan", "Ada", **options), await window(house, "plan", "Ben")
    await ben.write("and here")
    await expect(ada.page.locator(".remote-cursor")).to_have_count(1)
    ada.forgive(NETWORK)
    await ada.page.context.add_init_script(path=AXE)
    found: dict[str, list[str]] = {}
    for name, show in SCENES.items():
        await ada.page.goto(house.link("plan"))
        await expect(ada.part("title")).to_have_value("Plan")
        await ada.saves()
        found |= {f"before {name}": await violations(ada)} if not found else {}
        await show(ada)
        found[name] = await violations(ada)
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_where_a_token_is_asked_for(house: House, window: OpenWindow, scheme: str) -> None:
    ada = await window(house, name="Ada", link=house.link(), shown="token-gate", color_scheme=scheme)
    ada.forgive(NETWORK)
    await ada.page.context.add_init_script(path=AXE)
    await ada.page.reload()
    await expect(ada.part("token-field")).to_be_visible()
    assert await violations(ada) == []


async def test_a_phone_shows_the_list_and_the_note_each_on_its_own(house: House, window: OpenWindow) -> None:
    await house.note("plan", "# Plan\n\n" + "a-long-word" * 40 + "\n\n" + "| cell " * 30 + "|\n")
    await house.note("other", "the other\n")
    ada = await window(house, "plan", "Ada", **PHONE)
    await ada.holds("# Plan")

    async def wider() -> int:
        return int(await ada.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    assert await wider() <= 0
    await ada.part("show-list").tap()
    await expect(ada.row("other")).to_be_in_viewport()
    assert await wider() <= 0
    await ada.row("other").tap()
    await ada.shows("the other\n")
    await expect(ada.editor).to_be_in_viewport()
    await ada.editor.tap()
    await ada.type("from a phone")
    await ada.saves()
    assert "from a phone" in (await house.content("other") or "")
    # Big enough for a finger (WCAG 2.2, 2.5.8).
    for name in ("show-list", "note-menu"):
        target = await box(ada.part(name))
        assert min(target["width"], target["height"]) >= 24, name
    size = await ada.editor.evaluate("node => parseFloat(getComputedStyle(node).fontSize)")
    assert size >= 16  # below that, a phone zooms in


async def test_everything_is_reached_by_the_keyboard_and_the_focus_is_seen(house: House, window: OpenWindow) -> None:
    await house.note("plan", "the plan\n")
    ada = await window(house, "plan", "Ada", **WIDE)
    await ada.shows("the plan\n")
    keyboard = ada.page.keyboard

    async def tab_to(name: str, key: str = "Tab") -> None:
        for _ in range(60):
            await keyboard.press(key)
            if await ada.page.evaluate(FOCUSED) == name:
                assert await ada.page.evaluate(RING), f"the focus is not seen on {name}"
                return
        raise AssertionError(f"{name} is not reached")

    await tab_to("new-note")
    await keyboard.press("Enter")
    await until(lambda: ada.page.evaluate(FOCUSED), lambda name: name == "title")
    await keyboard.press("Control+a")
    await ada.type("By keys")
    await keyboard.press("Enter")
    await expect(ada.editor).to_be_focused()
    await ada.type("written without a mouse")
    await ada.saves()
    assert "By keys" in (await house.notes()).values()
    await keyboard.press("Control+/")
    await expect(ada.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await keyboard.press("Escape")
    await expect(ada.page.get_by_role("dialog", name="Keyboard")).to_have_count(0)
    await expect(ada.editor).to_be_focused()
    await keyboard.press("Escape")  # the way out of a text in which Tab indents
    await tab_to("note-menu", "Shift+Tab")
    await keyboard.press("Enter")
    await expect(ada.page.get_by_role("menu")).to_be_visible()
    await keyboard.press("End")
    await expect(ada.page.get_by_role("menuitem", name="Delete")).to_be_visible()
    await keyboard.press("Enter")
    undo = ada.part("toast").get_by_role("button", name="Undo")
    await expect(undo).to_be_visible()
    await undo.focus()
    await keyboard.press("Enter")
    await expect(ada.page.get_by_role("link", name="By keys")).to_be_visible()


async def test_who_comes_and_that_it_is_saved_is_announced(house: House, window: OpenWindow) -> None:
    await house.note("plan", "")
    ada = await window(house, "plan", "Ada")
    await ada.saves()
    announcer = ada.part("announcer")
    await expect(announcer).to_have_role("status")
    heard = """() => { globalThis.heard = []
      new MutationObserver(() => heard.push(document.querySelector('[data-testid=announcer]').textContent)).observe(
        document.querySelector('[data-testid=announcer]'), { childList: true, characterData: true, subtree: true }) }"""
    await ada.page.evaluate(heard)

    async def announced() -> str:
        return " ".join(await ada.page.evaluate("globalThis.heard"))

    ben = await window(house, "plan", "Ben")
    await until(announced, lambda told: "Ben" in told)
    await ben.page.close()
    await until(announced, lambda told: told.count("Ben") >= 2)


async def test_the_theme_follows_the_system_and_can_be_chosen(house: House, window: OpenWindow) -> None:
    await house.note("plan", "")
    ada = await window(house, "plan", "Ada", color_scheme="dark")
    root = ada.page.locator("html")
    await expect(root).to_have_attribute("data-theme", "dark")
    await ada.page.emulate_media(color_scheme="light")
    await expect(root).to_have_attribute("data-theme", "light")
    for _ in range(2):
        await ada.part("theme").click()
    chosen = await root.get_attribute("data-theme")
    await ada.page.reload()
    await expect(root).to_have_attribute("data-theme", chosen or "")
