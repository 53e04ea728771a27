"""The native document: given what the guard let through, and its text as the clients have it."""

from collections.abc import Iterable

from pycrdt import Doc, Text

from crdt import statevector
from crdt.errors import InvalidUpdate, TryAgainLater
from crdt.merge import merge
from crdt.native import harmless, refusal
from crdt.plaintext import carry_out
from crdt.surrogates import Pairs, replace
from crdt.text import Edit
from crdt.typed import Typed

TEXT = "content"
"""The key of the ``Y.Text`` that a note's plain text is read from."""


class Replica:
    """A native document. What was typed goes into it with the next that is typed, or before it is read."""

    def __init__(self) -> None:
        self._doc: Doc[Text] = Doc()
        self._pairs = Pairs()
        self._typed: list[Typed] = []
        self._held: bytes | None = None
        self.size = 0
        """Its size in bytes: an upper bound, exact after the whole was read."""
        self.damaged = False
        """Whether the native core broke in the middle of something, so that this must not be used any more."""

    def hold(self, state: bytes) -> None:
        """Begin with a whole document, which goes in when it is needed. This must be empty."""
        self._held = state
        self.size = len(state)

    @property
    def asleep(self) -> bool:
        """Whether what it began with is not in the native document yet."""
        return self._held is not None

    def wake(self) -> None:
        """Put what it began with into the native document.

        Raises:
            TryAgainLater: the native core broke on it. This is ``damaged``.
        """
        if self._held is not None:
            state, self._held = self._held, None
            typed, self._typed = self._typed, []
            self._put_in_surely(state)
            self._typed = typed

    def _put_in_surely(self, update: bytes) -> None:
        """Put in what was counted already, and let through."""
        size = self.size
        try:
            self._put_in(self._as_clients_have_it(update))
        except InvalidUpdate:
            self.damaged = True
            raise TryAgainLater from None
        self.size = size

    def type(self, update: Typed) -> None:
        """Take what was typed; ``settle`` puts it in."""
        self._typed.append(update)
        self.size += len(update)

    def settle(self) -> None:
        """Put what was typed into the native document.

        Raises:
            TryAgainLater: the native core broke on it. This is ``damaged``.
        """
        if self._typed:
            self.wake()
            update, self._typed = merge(self._typed), []
            self._put_in_surely(update)

    def _ready(self) -> None:
        self.wake()
        self.settle()

    def integrate(self, update: bytes) -> None:
        """Apply an update.

        Raises:
            InvalidUpdate: the native core did not take it. This is as before, unless it is ``damaged``.
        """
        self._ready()
        self._put_in(self._as_clients_have_it(update))

    def changes(self, update: bytes) -> bool:
        """Apply an update and tell whether that changed the document; raises as ``integrate``."""
        self._ready()
        update = self._as_clients_have_it(update)
        changes: list[object] = []
        subscription = self._doc.observe(changes.append)
        try:
            self._put_in(update)
        finally:
            self._doc.unobserve(subscription)
        return bool(changes)

    def _put_in(self, update: bytes) -> None:
        try:
            self._doc.apply_update(update)
        except BaseException as error:  # noqa: BLE001 - a panic is no Exception
            raise self._refusal(error) from None
        self.size += len(update)

    def _refusal(self, error: BaseException) -> InvalidUpdate:
        refused = refusal(error)
        self.damaged = self.damaged or not harmless(error)
        return refused

    def _as_clients_have_it(self, update: bytes) -> bytes:
        """Give the update, and make the native document anew, with the characters that are now cut in two replaced."""
        broken = self._pairs.broken_by(update)
        if not broken:
            return update
        state = replace(self.encode(), broken)
        self._doc = Doc()
        self._put_in(state)
        return replace(update, broken)

    def clocks(self) -> dict[int, int]:
        """Say how much of each client is in the native document."""
        self._ready()
        return statevector.decode(self._doc.get_state())

    def difference(self, state_vector: bytes) -> bytes:
        """Give what a replica with that well-formed state vector lacks, as an update.

        Raises:
            InvalidUpdate: the native core broke on it.
        """
        if self._held is not None and not self._typed and state_vector == statevector.EMPTY:
            return self._held
        self._ready()
        try:
            return self._doc.get_update(state_vector)
        except BaseException as error:  # noqa: BLE001 - a panic is no Exception
            raise self._refusal(error) from None

    def encode(self) -> bytes:
        """Give all of it as one update; raises InvalidUpdate."""
        state = self.difference(statevector.EMPTY)
        self.size = len(state)
        return state

    def edit(self, edits: Iterable[Edit]) -> list[bytes]:
        """Edit the plain text here; the updates that say so.

        Raises:
            NotPlainText: places in the plain text cannot be found in the document. Nothing was changed.
        """
        self._ready()
        updates: list[bytes] = []
        text = self._doc.get(TEXT, type=Text)
        subscription = self._doc.observe(lambda event: updates.append(event.update))
        try:
            with self._doc.transaction():
                carry_out(text, edits)
        except BaseException as error:  # noqa: BLE001 - a panic is no Exception
            raise self._refusal(error) from None
        finally:
            self._doc.unobserve(subscription)
        for update in updates:
            self._pairs.broken_by(update)
            self.size += len(update)
        return updates

    def text(self) -> str:
        """Give the plain text: the ``Y.Text`` under the key ``content``."""
        self._ready()
        return str(self._doc.get(TEXT, type=Text))
