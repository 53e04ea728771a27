"""What a store holds, read past the server."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from stores import tables
from stores.engine import Database
from stores.target import choose


@dataclass(frozen=True)
class Store:
    """One store under test: what a server is told to use it, and how to look into it."""

    name: str
    environment: dict[str, str] = field(default_factory=dict)
    data_dir: Path | None = None

    async def text(self, workspace: str, note: str) -> str | None:
        """Return ``notes.content``, or None when there is no such note."""
        target = choose(
            database_url=self.environment.get("DATABASE_URL"), driver=None, path=None, data_dir=self.data_dir
        )
        database = await Database.open(target)
        try:
            async with database.read() as connection:
                notes = tables.notes.c
                found = select(notes.content).where(notes.workspace_id == workspace, notes.id == note)
                content: str | None = (await connection.execute(found)).scalar_one_or_none()
                return content
        finally:
            await database.close()

    async def wait_for_text(self, workspace: str, note: str, wanted: str, seconds: float = 10) -> None:
        """Read until ``notes.content`` is ``wanted``; AssertionError after ``seconds``."""
        found = await self.text(workspace, note)
        try:
            async with asyncio.timeout(seconds):
                while found != wanted:
                    # A database calls nobody back.
                    await asyncio.sleep(0.02)
                    found = await self.text(workspace, note)
        except TimeoutError:
            raise AssertionError(f"after {seconds} s still {found!r:.300} in place of {wanted!r:.300}") from None
