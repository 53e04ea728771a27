"""Pictures of the page for ``docs/screenshots``, from a real server and the system's Chromium."""

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, expect

from tests.server_process import PROJECT, ServerProcess
from tests.web.chromium import PATIENCE, chromium
from tests.web.house import ENVIRONMENT, House, admin_of
from tests.web.window import Window

FOLDER = PROJECT / "docs/screenshots"
WIDE: dict[str, Any] = {"viewport": {"width": 1200, "height": 720}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 780},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}
GARDEN = """# A garden on the roof

We have **twelve square metres**, sun until four, and a tap.

## What we need

- [x] Ask the house, and get the key
- [x] Six planters, each 80 by 40 cm
- [ ] Soil: 400 litres, *without peat*
- [ ] A water butt that fits under the stairs

## What grows where

| Planter | Spring | Summer |
| --- | --- | --- |
| 1, 2 | peas | tomatoes |
| 3 | radishes | basil |

> Whoever passes by, waters. 💧
"""
OTHERS = {
    "meeting": ("Minutes, Tuesday", "general", "# Minutes\n\n- The roof is ours from May.\n"),
    "water": ("Find a water butt", "task", "Under the stairs there are 110 cm.\n"),
    "beds": ("Planters", "spec", "# Planters\n\nEach is 80 by 40 cm.\n"),
    "recipes": ("What to cook with it", "general", "# Peas\n\nWith mint.\n"),
}


COLOURS = {"Ada": "#0b6bcb", "Ben": "#a4500f"}
"""Chosen here, where the page would draw lots."""


class Studio:
    """A browser, and a workspace to take pictures of."""

    def __init__(self, browser: Browser, house: House) -> None:
        self._browser = browser
        self._house = house

    async def window(self, name: str, **options: Any) -> Window:
        """Open the note in somebody's window."""
        context = await self._browser.new_context(locale="en-GB", reduced_motion="reduce", **options)
        me = json.dumps({"name": name, "color": COLOURS[name]})
        await context.add_init_script(f"localStorage.setItem('routa.me', {json.dumps(me)})")
        opened = await Window.of(context, self._house.server.url, name)
        await opened.open(self._house.link("garden", (await self._house.token(name))["token"]))
        await opened.holds("Whoever passes by")
        await opened.saves()
        return opened


async def furnish(house: House) -> None:
    """Put notes into the workspace; the one that is shown comes last, and so is on top."""
    await house.delete("spec")
    for note, (title, kind, content) in OTHERS.items():
        await house.note(note, content, title, metadata={"type": kind})
    await house.note("garden", GARDEN, "A garden on the roof", metadata={"type": "general"})


async def take(window: Window, name: str) -> None:
    """Take a picture, once everything has been drawn."""
    await window.page.evaluate("document.fonts.ready")
    await window.page.screenshot(path=FOLDER / f"{name}.png", caret="initial")
    print(f"docs/screenshots/{name}.png")


async def caret(window: Window, line: str) -> None:
    """Put the caret behind a line."""
    await window.page.locator(".cm-line").filter(has_text=line).first.click()
    await window.page.keyboard.press("End")


async def together(studio: Studio) -> None:
    """Two people in one note: the pictures of a wide screen."""
    ada = await studio.window("Ada", color_scheme="light", **WIDE)
    ben = await studio.window("Ben", color_scheme="dark", **WIDE)
    await expect(ada.row("garden").get_by_test_id("row-people")).to_contain_text("B")
    await caret(ada, "twelve square metres")
    await caret(ben, "without peat")
    await ben.type(", from the nursery")
    await ada.holds("from the nursery")
    cursor = ada.page.locator('.remote-cursor[data-name="Ben"]')
    await expect(cursor.locator(".remote-cursor-label")).to_be_visible()
    await take(ada, "two-cursors")
    await ben.page.keyboard.press("Shift+Home")
    await ben.part("view-split").click()
    await expect(ben.part("preview")).to_be_visible()
    await take(ben, "dark")
    await ben.page.context.close()
    await expect(cursor).to_have_count(0)
    await take(ada, "light")
    await ada.page.context.set_offline(True)
    await caret(ada, "Ask the house")
    await ada.type(" from Mrs Brandt")
    await ada.saves("offline")
    await take(ada, "offline")
    await ada.page.context.close()


async def main() -> None:
    """Take all of them."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is missing: run 'apt-get install chromium' as root")
    expect.set_options(timeout=PATIENCE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        ServerProcess(ENVIRONMENT, data_dir=Path(data), seconds=60) as server,
    ):
        async with House(server, admin_of(server), "Roof garden") as house, chromium(program) as browser:
            await furnish(house)
            studio = Studio(browser, house)
            await together(studio)
            phone = await studio.window("Ada", color_scheme="light", **PHONE)
            await take(phone, "phone")


if __name__ == "__main__":
    asyncio.run(main())
