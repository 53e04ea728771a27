"""Row 12: two servers on one database, one of them cut off from it.

There is no Redis to lose. Each server keeps what it has acknowledged in the database, and what the two of them
acknowledged is the same text for everybody once a note is opened anew; while it is open on both, each shows the
other's edits only then.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from server.config import Settings
from tests.faults.conftest import note_url, until_seen
from tests.faults.postgres import FragilePostgres
from tests.faults.test_postgres import proxied
from tests.faults.writer import Writer
from tests.server.conftest import Here, quick, serving, until


def settings_for(url: str) -> Settings:
    return quick(database_url=url, db_timeout_seconds=1, db_pool_size=3, room_idle_seconds=0)


@contextlib.asynccontextmanager
async def two_nodes(first: str, second: str) -> AsyncIterator[tuple[Here, Here]]:
    async with serving(settings_for(first)) as one, serving(settings_for(second)) as other:
        yield one, other


@pytest.fixture
def url(fragile: FragilePostgres) -> str:
    return fragile.url(fragile.create(migrated=True))


async def test_a_node_that_was_cut_off_has_everything_again_from_the_database(
    fragile: FragilePostgres, url: str
) -> None:
    async with proxied(fragile, url) as proxy, two_nodes(url, proxy.url) as (one, other):
        ann, ben = Writer(note_url(one)), Writer(note_url(other))
        await asyncio.gather(ann.connect(), ben.connect())
        proxy.refuse()
        await ann.type("ann ")
        await ben.type("ben ")
        await ann.until_acknowledged()
        await until(lambda: not other.service.hub.journal.available)
        await ben.answered()
        assert ben.acknowledged == ""
        proxy.refusing = False
        await ben.until_acknowledged()
        assert (ann.text, ben.text) == ("ann ", "ben ")
        await asyncio.gather(ann.leave(), ben.leave())
        await until(lambda: not one.service.hub.open_notes() and not other.service.hub.open_notes())
        async with Writer(note_url(one)) as newcomer:
            assert sorted(newcomer.text.split()) == ["ann", "ben"]
            await until_seen(note_url(other), newcomer.text)
