"""What another program is told by HTTP: notes that change, come and go, and people who do."""

from collections.abc import Callable, Collection, Iterable
from ipaddress import ip_address
from typing import Any
from uuid import uuid4

from server.access import Identity
from server.api.answers import encode
from server.clock import Clock, timestamp
from server.coalescer import Coalescer, Timer
from server.config import BadSettings, Settings, WebhookKind
from server.delivery import Delivery, Receiver
from server.outbox import Outbox
from server.publicnet import is_public
from server.signature import HOW, Signer, key_of
from stores.notelog import NoteKey

MOST_EVENTS = 10_000
"""How many events may wait."""
MOST_BYTES = 16 * 1024 * 1024
"""How large they may be together."""

Later = Callable[[float, Callable[[NoteKey], None], NoteKey], Timer]


def receiver_of(settings: Settings) -> Receiver | None:
    """Give the receiver that the settings name; None where they name none.

    Raises:
        BadSettings: they name one that cannot be used, in one sentence.
    """
    url, secret = settings.webhook_url, settings.webhook_secret
    if url is None:
        return None
    if secret is None:
        raise BadSettings(f"ROUTA_WEBHOOK_URL is set, but not ROUTA_WEBHOOK_SECRET, which signs; {HOW}.")
    try:
        signer = Signer(key_of(secret.get_secret_value()))
    except ValueError as error:
        raise BadSettings(f"ROUTA_WEBHOOK_SECRET cannot be used: {error}") from None
    host = (url.host or "").strip("[]")
    if url.username is not None or url.password is not None:
        raise BadSettings("ROUTA_WEBHOOK_URL has a user name or a password in it: receivers check the signature.")
    if not settings.webhook_allow_private and _is_private(host):
        raise BadSettings(
            f"ROUTA_WEBHOOK_URL names {host}, which is not a public address; set ROUTA_WEBHOOK_ALLOW_PRIVATE=true "
            "if it is meant."
        )
    return Receiver(str(url), host, signer, settings.webhook_allow_private)


def _is_private(host: str) -> bool:
    """Whether a host is an address that is not public; what a name stands for is looked up with each connection."""
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return False


class Webhooks:
    """Tells one receiver, or nobody. Nothing here waits for it: the methods return at once, and raise nothing."""

    def __init__(self, delivery: Delivery | None, kinds: Collection[WebhookKind], clock: Clock, later: Later) -> None:
        """Make the webhooks.

        Args:
            delivery: sends to the receiver; None for no webhooks at all.
            kinds: which events are sent.
            clock: the time of day.
            later: calls a function with a key after so many seconds, such as ``loop.call_later``.
        """
        self._delivery = delivery
        self._kinds = frozenset(kinds if delivery is not None else ())
        self._clock = clock
        self._changed: dict[NoteKey, dict[str, Identity]] = {}
        self._typing = Coalescer(self._tell_change, later)
        self._outbox: Outbox[tuple[str, bytes]] = Outbox("webhooks", self._send, MOST_EVENTS, MOST_BYTES)

    def wants(self, kind: WebhookKind) -> bool:
        """Whether events of a kind are sent."""
        return kind in self._kinds

    def changed(self, key: NoteKey, who: Iterable[Identity]) -> None:
        """Say that something was committed: the receiver is told at most once a second a note, of all who did."""
        if self.wants("change"):
            self._changed.setdefault(key, {}).update({identity.subject: identity for identity in who})
            self._typing.changed(key)

    async def _tell_change(self, key: NoteKey) -> None:
        who = self._changed.pop(key, None)
        if who is not None:
            self._add("change", key, {"by": [_person(identity) for identity in who.values()]})

    def created(self, key: NoteKey) -> None:
        """Say that a note was made."""
        self._add("create", key, {})

    def deleted(self, key: NoteKey) -> None:
        """Say that a note was deleted."""
        self._add("delete", key, {})

    def connected(self, key: NoteKey, who: Identity) -> None:
        """Say that somebody opened a note."""
        self._add("connect", key, {"by": [_person(who)]})

    def disconnected(self, key: NoteKey, who: Identity) -> None:
        """Say that somebody left a note."""
        self._add("disconnect", key, {"by": [_person(who)]})

    def _add(self, kind: WebhookKind, key: NoteKey, more: dict[str, Any]) -> None:
        if not self.wants(kind):
            return
        event = {"type": kind, "timestamp": timestamp(self._clock()), "workspaceId": key.workspace, "noteId": key.note}
        body = encode(event | more)
        self._outbox.add(key, (f"msg_{uuid4().hex}", body), len(body), passing=kind == "change")

    async def _send(self, message: tuple[str, bytes]) -> None:
        if self._delivery is not None:
            await self._delivery.send(*message)

    async def close(self, seconds: float) -> None:
        """Send what is left, for so many seconds; the log counts what is not sent."""
        self._typing.close()
        for key in tuple(self._changed):
            await self._tell_change(key)
        await self._outbox.close(seconds)
        if self._delivery is not None:
            await self._delivery.close()


def _person(identity: Identity) -> dict[str, str]:
    named = {} if identity.name is None else {"name": _encodable(identity.name)}
    return {"subject": _encodable(identity.subject)} | named


def _encodable(text: str) -> str:
    """Replace what is no character: a token's JSON may hold half a surrogate pair, which UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode()
