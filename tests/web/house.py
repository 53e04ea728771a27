"""A server with its page, and a workspace of its own for each test."""

import re
from typing import Any, Self
from urllib.parse import quote
from uuid import uuid4

import httpx

from tests.server_process import ServerProcess

ENVIRONMENT = {"ROUTA_AUTH": "on", "ROUTA_AUTH_LEEWAY_SECONDS": "0"}


class House:
    """One workspace of a server, and the keys to it."""

    def __init__(self, server: ServerProcess, admin: str, title: str = "Test") -> None:
        self.server = server
        self._title = title
        self.workspace = f"w-{uuid4().hex[:8]}"
        self.http = httpx.AsyncClient(
            base_url=server.url, headers={"Authorization": f"Bearer {admin}"}, timeout=30, trust_env=False
        )

    async def __aenter__(self) -> Self:
        """Make the workspace."""
        await self._post("/api/workspaces", id=self.workspace, title=self._title)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave it; it is not needed any more."""
        await self.http.aclose()

    async def _post(self, path: str, **body: Any) -> Any:
        answer = await self.http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def note(self, note: str, content: str = "", title: str | None = None, **more: Any) -> None:
        """Make a note, or change it."""
        given = {"workspaceId": self.workspace, "noteId": note, "title": title or note.title(), "content": content}
        await self._post("/api/notes", **given, **more)

    async def delete(self, note: str) -> None:
        """Delete a note."""
        answer = await self.http.delete(f"/api/notes/{self.workspace}/{note}")
        assert answer.is_success, answer.text

    async def content(self, note: str) -> str | None:
        """Give the text that the server has of a note; nothing when there is no such note."""
        answer = await self.http.get(f"/api/notes/{self.workspace}/{note}/content")
        return answer.text if answer.is_success else None

    async def notes(self) -> dict[str, str]:
        """Give the titles of the notes by id."""
        answer = await self.http.get("/api/notes", params={"workspaceId": self.workspace})
        return {note["id"]: note["title"] for note in answer.json()["notes"]}

    async def token(
        self, name: str, access: str = "write", note: str | None = None, seconds: int | None = None
    ) -> dict[str, str]:
        """Make a token for somebody: ``token`` and its ``id``."""
        wanted = {"workspaceId": self.workspace, "access": access, "name": name}
        wanted |= {} if note is None else {"noteId": note}
        made: dict[str, str] = await self._post(
            "/api/tokens", **wanted, **({} if seconds is None else {"expiresInSeconds": seconds})
        )
        return made

    async def knows(self, token: str) -> bool:
        """Say whether the server takes a token."""
        answer = await self.http.get("/api/identity", headers={"Authorization": f"Bearer {token}"})
        return answer.is_success

    async def revoke(self, token_id: str, access: str = "none") -> None:
        """Take a token back, or leave it to read."""
        await self._post("/api/tokens/revoke", id=token_id, access=access)

    def link(self, note: str | None = None, token: str | None = None) -> str:
        """Give the link to the workspace or to a note in it."""
        path = "/".join(quote(part, safe="") for part in (self.workspace, note) if part is not None)
        return f"{self.server.url}/w/{path}" + (f"#token={token}" if token else "")


def admin_of(server: ServerProcess) -> str:
    """Give the token of the link that a server printed."""
    found = re.search(r"#token=(\S+)", server.banner)
    assert found, server.banner
    return found[1]
