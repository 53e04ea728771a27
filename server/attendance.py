"""Who is in the notes that this process has open, as their editors call themselves in their awareness.

Editors put ``{"user": {"name", "color"}}`` there (those for CodeMirror, ProseMirror and Tiptap do), and an agent
``"kind": "agent"`` beside it. Cursors are in it, too, so it changes with every key: it is looked at once a second.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from server.hosted import HostedNote
from stores.notelog import NoteKey

logger = logging.getLogger("routa")

INTERVAL = 1.0
"""Seconds between two looks."""
MOST_NAMED = 20
"""How many clients of a note are named; the others are counted."""
MOST_CHARACTERS = 80
"""How much of a name is told."""
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|(rgb|hsl)a?\([0-9a-z.,%/ ]{1,40}\)")

Tell = Callable[[str, NoteKey, dict[str, Any]], None]
"""Tells the listeners: is given the kind of event, the note, and what the event says."""


@dataclass(frozen=True, slots=True)
class Present:
    """Who is in a note."""

    count: int = 0
    people: tuple[dict[str, str], ...] = ()
    """Each with a ``name``, a ``kind``, and perhaps a ``color``; whoever is here twice is named once."""


NOBODY = Present()


class Attendance:
    """Tells who came and who went."""

    def __init__(self, notes: Callable[[], Iterable[HostedNote]], tell: Tell) -> None:
        """Take what gives the open notes, and what tells the listeners."""
        self._notes = notes
        self._tell = tell
        self._revisions: dict[HostedNote, int] = {}
        self._present: dict[NoteKey, Present] = {}

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            try:
                self.look()
            except Exception:
                logger.exception("A defect while it was looked who is in the notes")

    def look(self) -> None:
        """Look at every note that is open, and tell of those that others are in than the last time."""
        before, self._revisions = self._revisions, {note: note.room.presence.revision for note in self._notes()}
        open_now = {note.key for note in self._revisions}
        for note, revision in self._revisions.items():
            if before.get(note) != revision:
                self._note(note.key, present_in(tuple(note.room.presence.states())))
        for key in self._present.keys() - open_now:
            self._note(key, NOBODY)

    def _note(self, key: NoteKey, present: Present) -> None:
        if self.of(key) == present:
            return
        if present.count:
            self._present[key] = present
        else:
            del self._present[key]
        self._tell("presence", key, {"present": _shape(present)})

    def of(self, key: NoteKey) -> Present:
        """Give who was in a note when it was looked last."""
        return self._present.get(key, NOBODY)

    def shape(self, key: NoteKey) -> dict[str, Any]:
        """Give what a list of notes says of it: ``{"present": …}``, or nothing when nobody is there."""
        present = self.of(key)
        return {"present": _shape(present)} if present.count else {}


def _shape(present: Present) -> dict[str, Any]:
    return {"count": present.count, "people": present.people}


def present_in(states: Sequence[str]) -> Present:
    """Read who is in a note from the awareness states of its clients, each a JSON value."""
    people = {tuple(person.items()): person for state in islice(states, MOST_NAMED) for person in _people(state)}
    return Present(len(states), tuple(people.values()))


def _people(state: str) -> list[dict[str, str]]:
    """Give whom a state names: one, or nobody when it is not what editors put there."""
    try:
        value = orjson.loads(state)
    except ValueError:  # Python's reader, which let it in, takes numbers of any size
        return []
    user = value.get("user") if isinstance(value, dict) else None
    name = user.get("name") if isinstance(user, dict) else None
    if not isinstance(user, dict) or not isinstance(name, str) or not name.strip():
        return []
    person = {"name": name.strip()[:MOST_CHARACTERS], "kind": "agent" if user.get("kind") == "agent" else "person"}
    color = user.get("color")
    return [person | {"color": color} if isinstance(color, str) and _COLOR.fullmatch(color) else person]
