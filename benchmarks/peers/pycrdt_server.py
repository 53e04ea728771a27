"""pycrdt-websocket under uvicorn, as its documentation shows; with its SQLite store when STORE names a file."""

# mypy: ignore-errors
# It runs in an environment of its own, with packages that the project does not have.

import asyncio
import os
from contextlib import suppress

import uvicorn
import uvloop
from pycrdt.store import SQLiteYStore, YDocNotFound
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom


class Store(SQLiteYStore):
    """All notes in one file."""

    db_path = os.environ.get("STORE", "")


class StoringServer(WebsocketServer):
    """Loads a note from the store when it is opened, and writes each of its updates there."""

    async def get_room(self, name: str) -> YRoom:
        """Give the room of that name, loaded."""
        if name not in self.rooms:
            room = YRoom(ready=False, ystore=Store(name))
            self.rooms[name] = room
            await self.start_room(room)
            async with room.ystore.start_lock:
                if not room.ystore.started.is_set():
                    await self._task_group.start(room.ystore.start)
            with suppress(YDocNotFound):
                await room.ystore.apply_updates(room.ydoc)
            room.ready = True
        room = self.rooms[name]
        await room.ready_event.wait()
        return room


async def main() -> None:
    """Serve until killed."""
    kind = StoringServer if Store.db_path else WebsocketServer
    notes = kind(auto_clean_rooms=False)  # it fails when several clients leave a note at once
    async with notes:
        config = uvicorn.Config(
            ASGIServer(notes), port=int(os.environ["PORT"]), log_level="warning", lifespan="off", backlog=4096
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - it has no event for that
            await asyncio.sleep(0.01)
        print("listening", flush=True)
        await serving


if __name__ == "__main__":
    uvloop.run(main())
