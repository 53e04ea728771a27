import pytest

from server.countedlog import CountedLog
from server.counters import Counters
from stores.engine import Database
from stores.errors import NotFound
from stores.notelog import NoteKey

KEY = NoteKey("default", "a")


async def test_commits_and_failures_are_counted(database: Database) -> None:
    counters = Counters()
    log = CountedLog(database, counters)
    await log.open_note(KEY)
    await log.append([(KEY, b"one")])
    with pytest.raises(NotFound):
        await log.append([(NoteKey("default", "none"), b"two")])
    assert (sum(counters.commits.counts), counters.commit_failures) == (1, 1)
    assert counters.commits.sum > 0
