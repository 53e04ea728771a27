"""Draws the pictures of the page that README and the docs show, from a real server and a real browser."""

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.async_api import Browser, expect

from tests.server_process import PROJECT, ServerProcess
from tests.web.chromium import PATIENCE, chromium
from tests.web.house import ENVIRONMENT, House, admin_of
from tests.web.window import Window

FOLDER = PROJECT / "docs" / "screenshots"
WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 760}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
PLAN = """# Lighthouse weekend

We leave on **Friday at 16:00** and are back by Sunday evening. The keeper's house sleeps six.

## Before we go

- [x] Book the ferry
- [x] Ask Grace about the key
- [ ] Buy film for the camera
- [ ] Print the tide table

## What to bring

1. Warm coats, *all of you*
2. The good coffee
3. A lamp: see [the list](https://example.org/lamps)

```python
for hour in range(16, 20):
    print(hour, tide(hour))
```
"""


async def open_window(browser: Browser, house: House, name: str, note: str = "plan", **options: Any) -> Window:
    """Open the window of somebody on a note."""
    token = (await house.token(name))["token"]
    context = await browser.new_context(**({"color_scheme": "light", "locale": "en-GB"} | options))
    window = await Window.of(context, house.server.url, name)
    await window.open(house.link(note, token))
    await window.saves()
    return window


async def draw(window: Window, name: str) -> None:
    """Take one picture."""
    await window.page.screenshot(path=FOLDER / f"{name}.png")


async def draw_all(server: ServerProcess, browser: Browser) -> None:
    """Take all of them."""
    async with House(server, admin_of(server)) as house:
        await house.note("plan", PLAN, "Lighthouse weekend")
        await house.note("packing", "# Packing\n", "Packing list", metadata={"type": "task"})
        await house.note("tides", "# Tides\n", "Tides and times")
        ada = await open_window(browser, house, "Ada", **WIDE)
        await draw(ada, "light")
        grace = await open_window(browser, house, "Grace", color_scheme="dark", **WIDE)
        await grace.part("view-split").click()
        await expect(grace.part("preview")).to_contain_text("Lighthouse weekend")
        await draw(grace, "dark")
        await ada.editor.get_by_text("Print the tide table").click()
        await ada.page.keyboard.press("End")
        await ada.type(" for both days")
        await grace.part("view-write").click()
        await expect(grace.page.locator(".remote-cursor")).to_be_visible()
        await grace.holds("for both days")
        await draw(grace, "two-cursors")
        phone = await open_window(browser, house, "Linus", **PHONE)
        await draw(phone, "phone")
        await phone.page.context.set_offline(True)
        await phone.write("\nwritten on the ferry")
        await expect(phone.part("save-state")).not_to_have_attribute("data-state", "saved")
        await draw(phone, "offline")


async def main() -> None:
    """Start what is needed, and draw."""
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("chromium was not found; on Debian run 'apt-get install chromium' as root.")
    expect.set_options(timeout=PATIENCE)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, ServerProcess(ENVIRONMENT, data_dir=Path(folder), seconds=60) as server:
        async with chromium(program) as browser:
            await draw_all(server, browser)


if __name__ == "__main__":
    asyncio.run(main())
