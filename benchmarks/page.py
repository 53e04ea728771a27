"""How long a person waits for the page: from following the link, in a browser that never saw it, until they write."""

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, expect

from tests.server_process import ServerProcess
from tests.web.chromium import PATIENCE, chromium
from tests.web.house import ENVIRONMENT, House, admin_of
from tests.web.window import Window

ROUNDS = 5
TIMES = """() => ({
  paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
  bytes: performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .reduce((sum, one) => sum + one.transferSize, 0),
})"""


class Load(NamedTuple):
    """One load of the page."""

    paint: float
    """Milliseconds from the start of the navigation to the first text or picture."""
    text: float
    """Until the note's text is there and can be written in."""
    written: float
    """Until a letter that was typed then is saved on the server."""
    kilobytes: float
    """What came over the wire."""


async def load(browser: Browser, house: House, note: str) -> Load:
    """Load a note in a new profile, and type a letter."""
    context = await browser.new_context()
    window = await Window.of(context, house.server.url, "Ada")
    link = house.link(note, (await house.token("Ada"))["token"])
    started = time.perf_counter()
    await window.page.goto(link, wait_until="commit")
    await window.page.locator('.cm-content[contenteditable="true"]', has_text="ready").wait_for()
    text = time.perf_counter()
    await window.write("!")
    await window.saves()
    written = time.perf_counter()
    times = await window.page.evaluate(TIMES)
    await context.close()
    return Load(times["paint"], 1000 * (text - started), 1000 * (written - started), times["bytes"] / 1000)


async def measure(program: str, server: ServerProcess) -> None:
    """Print the medians: the first load after the start of server and browser by itself, then the later ones."""
    async with House(server, admin_of(server)) as house, chromium(program) as browser:
        await house.note("small", "# ready\n")
        await house.note("large", "# ready\n" + "The quick brown fox jumps over the lazy dog.\n" * 22_000)
        print(f"{'':24}{'first paint':>14}{'text is there':>16}{'letter is saved':>18}{'loaded':>12}")
        show("cold server, browser", [await load(browser, house, "small")])
        show("cold browser profile", [await load(browser, house, "small") for _ in range(ROUNDS)])
        show("a note of 1 MB", [await load(browser, house, "large") for _ in range(ROUNDS)])


def show(name: str, loads: list[Load]) -> None:
    """Print one line."""
    middle = [statistics.median(values) for values in zip(*loads, strict=True)]
    print(f"{name:24}{middle[0]:11.0f} ms{middle[1]:13.0f} ms{middle[2]:15.0f} ms{middle[3]:9.0f} kB")


def main() -> None:
    """Start a server and a browser, and measure."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is missing: run 'apt-get install chromium' as root")
    expect.set_options(timeout=PATIENCE)
    with (
        tempfile.TemporaryDirectory() as data,
        ServerProcess(ENVIRONMENT, data_dir=Path(data), seconds=60) as server,
    ):
        asyncio.run(measure(program, server))


if __name__ == "__main__":
    main()
