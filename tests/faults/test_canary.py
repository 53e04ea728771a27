"""Row 22: a token that travels in every way a token can is in no log line and no file; nor is the secret."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from crdt.encoding import write_string
from server.access import ANYBODY, Access
from server.auth.secret import FILE
from server.auth.tokens import Tokens
from tests.faults.raw import SECRET, STEP_1, auth, token
from tests.server_process import ServerProcess

CANARY = token(Access.WRITE)
"""Good, so that what is done with good tokens is seen, too."""
SIGNATURE = CANARY.rpartition(".")[2]
BROKEN = {
    "whole": CANARY,
    "cut": CANARY[:-5],
    "signed by somebody else": CANARY[:-10] + "AAAAAAAAAA",
    "with more behind it": CANARY + ".canary",
    "too long": CANARY * 200,
    "in quotes": f'"{CANARY}"',
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    environment = {"ROUTA_AUTH": "on", "ROUTA_AUTH_SECRET": SECRET, "ROUTA_LOG_LEVEL": "debug"}
    with ServerProcess(environment, data_dir=tmp_path / "data") as started:
        yield started


async def test_no_token_is_written_anywhere(server: ServerProcess) -> None:
    for shown in BROKEN.values():
        await _over_http(server, shown)
        for path, options in (
            (f"/ws/w/n?token={shown}", {}),
            (f"/ws/w/%00?token={shown}", {}),
            (f"/hocuspocus?token={shown}", {}),
            (f"/nowhere?token={shown}", {}),
            ("/ws/w/n", {"subprotocols": ["routa-notes", shown.strip('"')]}),
            ("/ws/w/n", {"subprotocols": [shown.strip('"')]}),
            (f"/ws/w/n?token={shown}", {"origin": "https://evil.example"}),
            ("/ws/w/n", {"additional_headers": {"Authorization": f"Bearer {shown}"}}),
        ):
            await _over_websocket(server, path, [STEP_1, b"\x63"], **options)
        for message in (auth(shown), auth(shown)[:-3], b"\x02\x07" + write_string(shown), auth(shown) * 3):
            await _over_websocket(server, "/hocuspocus", [write_string("w/n") + message, b"\x02" + message])
    server.terminate()
    _look(server, CANARY, SIGNATURE, SECRET)


async def _over_http(server: ServerProcess, shown: str) -> None:
    bearer = {"Authorization": f"Bearer {shown}"}
    async with httpx.AsyncClient(base_url=server.url) as http:
        answers = [
            await http.get("/api/identity", headers=bearer),
            await http.get("/api/identity", headers={"Authorization": shown}),
            await http.get("/api/notes", params={"workspaceId": "w", "token": shown}, headers=bearer),
            await http.get(f"/api/notes?token={shown}", headers=bearer | {"Origin": "https://evil.example"}),
            await http.post("/api/tokens/revoke", content=f'{{"token": {shown}'.encode(), headers=bearer),
            await http.post("/api/tokens/revoke", json={"token": [shown]}, headers=bearer),
            await http.post("/api/tokens", json={"workspaceId": shown, "access": "read"}, headers=bearer),
            await http.get("/api/events", params={"token": shown}),
            await http.get(f"/nowhere/{'x' * 10}", params={"token": shown}, headers=bearer),
        ]
        if shown != CANARY:  # the whole one is needed to the end
            answers.append(await http.post("/api/tokens/revoke", json={"token": shown}, headers=bearer))
    assert all(answer.status_code < 500 for answer in answers)


async def _over_websocket(server: ServerProcess, path: str, messages: list[bytes], **options: object) -> None:
    socket: ClientConnection
    with contextlib.suppress(InvalidHandshake, ConnectionClosed, TimeoutError, EOFError, ConnectionError):
        async with connect(f"ws://127.0.0.1:{server.port}{path}", compression=None, **options) as socket:  # type: ignore[arg-type]
            for message in messages:
                await socket.send(message)
            async with asyncio.timeout(10):
                await (await socket.ping())


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _look(server: ServerProcess, *canaries: str) -> None:
    """Read all that the server wrote: what it printed, logged and kept."""
    assert "DEBUG" in server.stderr, "the log has no debug lines, so that nothing was shown"
    assert server.data_dir is not None
    written = {"standard output": server.banner.encode(), "standard error": server.stderr.encode()}
    written |= {str(path): content for path, content in _files(server.data_dir).items()}
    assert len(written) > 2
    for place, content in written.items():
        found = [canary for canary in canaries if canary.encode() in content]
        assert found == [], (
            f"{place} has {found}: {[line[:200] for line in content.splitlines() if found[0].encode() in line][:3]}"
        )


async def test_the_link_carries_its_token_behind_a_hash_and_the_secret_stays_in_its_file(tmp_path: Path) -> None:
    with ServerProcess({"ROUTA_AUTH": "on", "ROUTA_LOG_LEVEL": "debug"}, data_dir=tmp_path) as server:
        link = re.search(r"http://127\.0\.0\.1:\d+/#token=(\S+)", server.banner)
        assert link is not None
        shown = link[1]
        assert server.banner.count(shown) == 1
        async with httpx.AsyncClient(base_url=server.url) as http:
            answer = await http.get("/api/identity", headers={"Authorization": f"Bearer {shown}"})
            assert answer.json()["grants"] == [{"workspace": "*", "access": "admin"}]
        server.terminate()
        kept = tmp_path / FILE
        secret = kept.read_text().strip()
        assert (await Tokens(secret).read(shown)).grants == ANYBODY.grants
        assert kept.stat().st_mode & 0o777 == 0o600
        server.banner = server.banner.replace(shown, "")
        content = _files(tmp_path)
        del content[kept]
        assert content
        assert [path for path, data in content.items() if secret.encode() in data or shown.encode() in data] == []
        assert secret not in server.stderr + server.banner
        assert shown not in server.stderr
