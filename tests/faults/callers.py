"""Those who use the REST layer in a soak: one who edits texts, and one who deletes a note and makes it again."""

import asyncio
import contextlib

import httpx

from tests.faults.editors import Editor, HocuspocusEditor, YWebsocketEditor
from tests.faults.ledger import Broken, Fate
from tests.faults.world import PLAIN, World

REBORN = "default/soak-reborn"


class RestEditor:
    """Appends words to notes and replaces its own; what was answered with 200 is in its ledgers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance("rest")
        self._ledgers = {note: world.ledger(note) for note in PLAIN}
        self._number = 0
        self.away = True
        world.residents.add(self)

    async def live(self) -> None:
        """Edit until it is over."""
        while not self._world.over.is_set():
            await self._world.pause(self._chance.uniform(0.02, 0.3))
            await self._world.gate.wait()
            self.away = False
            with contextlib.suppress(httpx.HTTPError):
                await self._visit()
            self.away = True

    async def _visit(self) -> None:
        async with httpx.AsyncClient(base_url=self._world.server.url, timeout=20) as client:
            for _ in range(self._chance.randint(1, 20)):
                if self._world.gate.is_set():
                    await self._edit(client)

    async def _edit(self, client: httpx.AsyncClient) -> None:
        note = self._chance.choice(PLAIN)
        ledger = self._ledgers[note]
        old = self._chance.choice(sorted(ledger.words(Fate.SAVED)) or [""])
        word = f"<rest.{self._number}>"
        self._number += 1
        operation = {"op": "append", "text": f"{word} "}
        if old and self._chance.random() < 0.4:
            ledger.deletes(old)
            operation = {"op": "replace", "quote": old, "text": word}
        ledger.wrote(word)
        answer = await client.post(f"/api/notes/{note}/edits", json={"operations": [operation]})
        if answer.status_code == 200:
            ledger.saved(word)
            self._world.counts["rest edits"] += 1
            if operation["op"] == "replace":
                ledger.deleted(old)
        elif answer.status_code not in (404, 503):
            raise Broken("REST answers as documented", f"an edit got {answer.status_code}: {answer.text}")


class Undertaker:
    """Lets two people write in a note, deletes it under them, and sees that nothing of it comes back."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance("undertaker")
        self._lives = 0

    async def live(self) -> None:
        """Make and delete the note until it is over."""
        while not self._world.over.is_set():
            self._lives += 1
            name = f"life{self._lives}"
            kinds = (YWebsocketEditor, HocuspocusEditor)
            people: list[Editor] = [kind(self._world, f"{name}-{kind.__name__[0].lower()}", REBORN) for kind in kinds]
            async with asyncio.TaskGroup() as tasks:
                for one in people:
                    tasks.create_task(one.live())
                tasks.create_task(self._bury(people))

    async def _bury(self, people: list[Editor]) -> None:
        await self._world.pause(self._chance.uniform(1, 5))
        while not all(one.ledger.words(Fate.SAVED, Fate.DELETED) for one in people):
            await asyncio.sleep(0.05)
            if self._world.over.is_set():
                return
        if self._world.over.is_set():
            return  # they stay, as everybody else does
        await self._delete(people)
        self._world.counts["deleted notes"] += 1
        await self._world.until(lambda: all(one.gone for one in people), "they know that their note is gone", 90)

    async def _delete(self, people: list[Editor]) -> None:
        """Delete the note, however often that has to be tried; from then on its words are not to be seen."""
        for one in people:
            one.ledger.unsure = True
        while True:
            with contextlib.suppress(httpx.HTTPError):
                async with httpx.AsyncClient(base_url=self._world.server.url, timeout=20) as client:
                    answer = await client.delete(f"/api/notes/{REBORN}")
                if answer.status_code in (200, 204, 404):
                    break
                if answer.status_code != 503:
                    raise Broken("REST answers as documented", f"a deletion got {answer.status_code}: {answer.text}")
            await asyncio.sleep(0.1)
        for one in people:
            one.ledger.buried = True
