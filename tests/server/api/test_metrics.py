from prometheus_client.parser import text_string_to_metric_families

from crdt.messages import SyncStep1, Update
from server.access import Access
from tests.crdt.typist import Typist
from tests.server.conftest import Here, until
from tests.server.guests import guarded


async def numbers(here: Here) -> dict[str, float]:
    """Every sample by its name and labels."""
    async with here.client() as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = [sample for family in text_string_to_metric_families(answer.text) for sample in family.samples]
    return {sample.name + "".join(sample.labels.values()): sample.value for sample in samples}


async def test_the_numbers_follow_what_happens(here: Here) -> None:
    before = await numbers(here)
    assert before["routa_open_notes"] == before["routa_connectionsy-websocket"] == 0
    async with here.connect("/ws/default/secret-plan") as ann:
        await ann.send(SyncStep1(b"\x00").encode())
        await ann.send(Update(Typist(1).type("hello")).encode())
        await until(lambda: here.service.hub.ward.counters.acknowledged == 1)
        during = await numbers(here)
    assert during["routa_open_notes"] == during["routa_clients"] == during["routa_connectionsy-websocket"] == 1
    assert during["routa_frames_received_total"] >= 2
    assert during["routa_received_bytes_total"] > 10
    assert during["routa_updates_received_total"] == during["routa_acknowledgements_total"] == 1
    assert during["routa_commit_seconds_count"] == during["routa_commit_seconds_bucket+Inf"] == 1
    assert during["routa_commit_seconds_sum"] > 0
    assert during["routa_resident_bytes"] > 1_000_000
    await until(lambda: here.service.hub.ward.counters.connections["y-websocket"] == 0)
    for name in ("restarts_total", "quarantined_notes", "journal_backlog_bytes", "compaction_failures_total"):
        assert during[f"routa_{name}"] == 0


async def test_no_note_is_named(here: Here) -> None:
    async with here.connect("/ws/default/secret-plan"), here.client() as client:
        assert "secret-plan" not in (await client.get("/metrics")).text


async def test_the_numbers_of_everybody_are_for_those_who_may_read_everything() -> None:
    async with guarded() as server, server.here.client() as http:
        assert (await http.get("/metrics")).status_code == 401
        for workspace, status in (("w", 403), ("*", 200)):
            headers = {"Authorization": f"Bearer {server.token(Access.READ, workspace)}"}
            assert (await http.get("/metrics", headers=headers)).status_code == status
