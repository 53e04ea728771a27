"""A server and a browser for all tests, a workspace for each, and windows that must have nothing to complain of."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from tests.faults.missing import program
from tests.server_process import ServerProcess
from tests.web.chromium import PATIENCE, chromium
from tests.web.house import ENVIRONMENT, House, admin_of
from tests.web.window import Window

OpenWindow = Callable[..., Awaitable[Window]]

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The server of those tests that leave it alone."""
    with ServerProcess(ENVIRONMENT, data_dir=tmp_path_factory.mktemp("web"), seconds=60) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser of all tests."""
    async with chromium(program("chromium", "chromium")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def house(served: ServerProcess) -> AsyncIterator[House]:
    """A workspace of its own on the shared server."""
    async with House(served, admin_of(served)) as built:
        yield built


@pytest_asyncio.fixture(loop_scope="session")
async def window(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[OpenWindow]:
    """Opens windows, each of a person with a profile of their own; at the end, none may have complained."""
    contexts: list[BrowserContext] = []
    windows: list[Window] = []

    async def open_window(house: House, note: str | None = None, name: str = "Ada", **options: Any) -> Window:
        """Give somebody a token and open their window, on a note or on the workspace.

        ``access`` and ``seconds`` are those of the token, ``link`` is used in the place of one with it, and ``shown``
        is the part that is to be seen; further options are those of the browser's context.
        """
        shown = options.pop("shown", "app")
        given = {key: options.pop(key) for key in ("access", "seconds") if key in options}
        link = options.pop("link", None) or house.link(note, (await house.token(name, **given))["token"])
        context = await browser.new_context(**{"color_scheme": "light", "locale": "en-GB", **options})
        contexts.append(context)
        opened = await Window.of(context, house.server.url, name)
        windows.append(opened)
        await opened.open(link, shown)
        return opened

    yield open_window
    complaints = {one.name: one.complaints for one in windows if one.complaints}
    for context in contexts:
        await context.close()
    assert complaints == {}
