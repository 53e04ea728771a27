"""A replica that writes, for tests: what it types comes out as the updates a client would send."""

from pycrdt import Doc, Subscription, Text, TransactionEvent


class Typist:
    """A document with a text, and the updates that its edits made."""

    def __init__(self, client_id: int, state: bytes | None = None) -> None:
        self.doc: Doc[Text] = Doc(client_id=client_id)
        self.text = self.doc.get("content", type=Text)
        self.updates: list[bytes] = []
        if state is not None:
            self.doc.apply_update(state)
        self._subscription: Subscription = self.doc.observe(self._record)
        self._listening = True

    def _record(self, event: TransactionEvent) -> None:
        if self._listening:
            self.updates.append(event.update)

    def insert(self, at: int, text: str) -> bytes:
        """Insert text; the update that says so."""
        self.text.insert(at, text)
        return self.updates[-1]

    def type(self, text: str) -> bytes:
        """Append text; the update that says so."""
        return self.insert(len(self.text), text)

    def delete(self, start: int, end: int) -> bytes:
        """Delete a range; the update that says so."""
        del self.text[start:end]
        return self.updates[-1]

    def hear(self, update: bytes) -> None:
        """Take somebody else's update."""
        self._listening = False
        self.doc.apply_update(update)
        self._listening = True

    def state(self) -> bytes:
        """The whole document."""
        return self.doc.get_update()

    def __str__(self) -> str:
        return str(self.text)
