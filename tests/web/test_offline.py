"""What is written while the server cannot be reached is kept, and merged when it can."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.server_process import ServerProcess
from tests.web.conftest import OpenWindow
from tests.web.house import ENVIRONMENT, House, admin_of
from tests.web.window import NETWORK, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def own_house(tmp_path: Path) -> AsyncIterator[House]:
    """A workspace on a server that the test may kill."""
    with ServerProcess(ENVIRONMENT, data_dir=tmp_path / "data", seconds=60) as server:
        async with House(server, admin_of(server)) as built:
            yield built


async def test_what_is_written_offline_survives_a_reload_and_is_merged(house: House, window: OpenWindow) -> None:
    await house.note("trip", "shared\n")
    ada, ben = await window(house, "trip", "Ada"), await window(house, "trip", "Ben")
    ada.forgive(NETWORK)
    await ada.write("before ")
    await ada.saves()
    await ben.holds("before ")
    await until(lambda: ada.page.evaluate("caches.match('/').then(Boolean)"), bool)
    await ada.page.context.set_offline(True)
    await ada.write("offline 😀 ")
    await ada.saves("offline")
    await expect(ada.part("save-state")).not_to_have_attribute("data-changes", "0")
    await ben.write("meanwhile ", at="Control+Home")
    await ben.saves()
    await ada.page.reload()  # the page comes from the browser, the text too
    await ada.holds("before ", "offline 😀 ")
    await ada.saves("offline")
    await ada.write("after the reload ")
    await ada.page.context.set_offline(False)
    await ada.holds("offline 😀 ", "meanwhile ", "before ")
    await ada.saves()
    await ben.shows(await ada.text())
    text = await ada.text()
    assert text.count("offline") == text.count("shared") == text.count("after the reload") == 1
    assert await house.content("trip") == text


async def test_what_is_typed_while_the_server_dies_and_comes_back_is_kept(own_house: House, window: OpenWindow) -> None:
    await own_house.note("crash", "")
    ada, ben = await window(own_house, "crash", "Ada"), await window(own_house, "crash", "Ben")
    for one in (ada, ben):
        one.forgive(NETWORK)
    words = [f"word{number} " for number in range(40)]

    async def kill_and_restart() -> None:
        await ada.holds("word5 ")
        await asyncio.to_thread(own_house.server.kill9)
        await ada.holds("word15 ")
        await asyncio.to_thread(own_house.server.start)

    await asyncio.gather(ada.write("".join(words)), kill_and_restart())
    await asyncio.gather(ada.saves(), ben.saves())
    await ada.shows("".join(words))
    await ben.shows("".join(words))
    assert await own_house.content("crash") == "".join(words)


async def test_a_server_that_is_away_is_said_with_a_countdown_and_its_return_too(
    own_house: House, window: OpenWindow
) -> None:
    await own_house.note("away", "")
    ada = await window(own_house, "away", "Ada")
    ada.forgive(NETWORK)
    await ada.saves()
    own_house.server.kill9()
    await ada.write("kept here ")
    state = ada.part("save-state")
    await until(lambda: state.get_attribute("data-state"), lambda shown: shown in ("offline", "reconnecting"))
    await expect(state).not_to_have_attribute("data-changes", "0")
    await asyncio.to_thread(own_house.server.start)
    await ada.saves()
    await expect(state).to_have_attribute("data-changes", "0")
    assert await own_house.content("away") == "kept here "


async def test_a_note_that_was_replaced_is_announced_and_not_doubled(house: House, window: OpenWindow) -> None:
    await house.note("again", "the old text\n")
    ada = await window(house, "again", "Ada")
    ada.forgive(NETWORK)
    await ada.holds("the old text")
    await ada.saves()
    await ada.page.goto("about:blank")  # away while it is replaced
    await house.delete("again")
    await house.note("again", "the new text\n")
    await ada.page.go_back()
    notice = ada.part("notice")
    await expect(notice).to_have_attribute("data-kind", "replaced")
    async with ada.page.expect_download() as download:
        await notice.get_by_role("button", name="Download my copy").click()
    copy = await (await download.value).path()
    assert copy.read_text() == "the old text\n"
    await ada.shows("the new text\n")
    assert await house.content("again") == "the new text\n"


async def test_a_note_that_is_deleted_while_another_types_says_so_and_keeps_a_copy(
    house: House, window: OpenWindow
) -> None:
    await house.note("gone", "before ")
    ada = await window(house, "gone", "Ada")
    ada.forgive(NETWORK)
    await ada.write("typing ")
    await ada.saves()
    typing = asyncio.create_task(ada.write("on and on " * 10))
    await house.delete("gone")
    await typing
    notice = ada.part("notice")
    await expect(notice).to_have_attribute("data-kind", "deleted")
    async with ada.page.expect_download() as download:
        await notice.get_by_role("button", name="Download my copy").click()
    copy = await (await download.value).path()
    assert copy.read_text().startswith("before typing ")
    assert await house.content("gone") is None
