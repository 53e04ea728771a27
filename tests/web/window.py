"""One window of the page, as somebody uses it, and what the browser complained of in it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Self, TypeVar

import regex
from playwright.async_api import BrowserContext, ConsoleMessage, Error, FloatRect, Locator, Page, expect

from tests.web.chromium import PATIENCE

NETWORK = r"Failed to load resource|WebSocket connection to|net::ERR_|when fetching the script"
"""What Chromium says by itself when a server is away or refuses something."""
_DOCUMENT = "node => node.cmTile.view.state.doc.toString()"
_OWN = re.compile(r"(data|blob|about|chrome-error):")
_POLL = 0.05

Value = TypeVar("Value")


async def until(read: Callable[[], Awaitable[Value]], wanted: Callable[[Value], bool]) -> Value:
    """Read something again and again until it is as it should be."""
    value = await read()
    for _ in range(int(PATIENCE / 1000 / _POLL)):
        if wanted(value):
            return value
        await asyncio.sleep(_POLL)
        value = await read()
    raise AssertionError(f"It stayed {value!r}")


class Window:
    """A page of one person."""

    def __init__(self, page: Page, origin: str, name: str) -> None:
        """Take a page that is still empty; ``origin`` is all that it may ask."""
        self.page = page
        self.name = name
        self.forgiven: list[str] = []
        """Patterns of complaints that the test expects."""
        self._origins = (origin, origin.replace("http", "ws", 1))
        self._complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", self._raised)
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))

    @classmethod
    async def of(cls, context: BrowserContext, origin: str, name: str) -> Self:
        """Make one in a context."""
        context.set_default_timeout(PATIENCE)
        return cls(await context.new_page(), origin, name)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(f"{message.type}: {message.text}")

    def _raised(self, error: Error) -> None:
        self._complaints.append(f"raised: {error}")

    def _asked(self, url: str) -> None:
        self.requests.append(url)
        if not url.startswith(self._origins) and not _OWN.match(url):
            self._complaints.append(f"It asked another server: {url}")

    def forgive(self, *patterns: str) -> None:
        """Say which complaints are to be expected."""
        self.forgiven += patterns

    @property
    def complaints(self) -> list[str]:
        """Everything that should not have been."""
        return [told for told in self._complaints if not any(re.search(pattern, told) for pattern in self.forgiven)]

    async def open(self, link: str, shown: str = "app") -> None:
        """Go to a link, and wait until a part of the page is there."""
        await self.page.goto(link)
        await expect(self.part(shown)).to_be_visible()

    def part(self, name: str) -> Locator:
        """Give a part of the page by its test id."""
        return self.page.get_by_test_id(name)

    @property
    def editor(self) -> Locator:
        """The field of the text."""
        return self.page.locator(".cm-content")

    async def text(self) -> str:
        """Give the whole text, also what is not drawn of it."""
        return str(await self.editor.evaluate(_DOCUMENT, timeout=PATIENCE))

    async def shows(self, text: str) -> None:
        """Wait until this is the text."""
        await until(self.text, lambda shown: shown == text)

    async def holds(self, *parts: str) -> str:
        """Wait until all of these are somewhere in the text; give it."""
        return await until(self.text, lambda shown: all(part in shown for part in parts))

    async def write(self, text: str, at: str = "Control+End") -> None:
        """Go to a place in the text by its key, and type."""
        await self.editor.focus()
        await self.page.keyboard.press(at)
        await self.type(text)

    async def type(self, text: str) -> None:
        """Type where the caret is, key by key; what no key has, such as an emoji of several characters, as one."""
        for letter in regex.findall(r"\X", text):
            if len(letter) == 1:
                await self.page.keyboard.type(letter)
            else:
                await self.page.keyboard.insert_text(letter)

    async def saves(self, state: str = "saved") -> None:
        """Wait until the page says that everything is saved, or whichever state there is to be."""
        await expect(self.part("save-state")).to_have_attribute("data-state", state)

    async def chooses(self, item: str) -> None:
        """Take an item of the menu of the note."""
        await self.part("note-menu").click()
        await self.page.get_by_role("menuitem", name=item).click()

    def row(self, note: str) -> Locator:
        """Give the place of a note in the list."""
        return self.part("note-row").and_(self.page.locator(f'[data-note-id="{note}"]'))


async def box(locator: Locator) -> FloatRect:
    """Give where something is drawn."""
    await expect(locator).to_be_visible()
    drawn = await locator.bounding_box()
    assert drawn is not None
    return drawn
