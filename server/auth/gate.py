"""The way into a note, whatever a client speaks."""

from server.access import Access, Identity
from server.auth.authenticator import Authenticator
from server.auth.errors import Forbidden
from stores.notelog import NoteKey


class Gate:
    """Lets those into a note who may read it at least."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    async def admit(self, token: str | None, key: NoteKey) -> Identity:
        """Say who wants to open a note, if they may; whether it exists is not asked.

        Raises:
            Unauthorized: the token is missing or not valid.
            Forbidden: it is good for other notes.
        """
        identity = await self._authenticator.identify(token)
        require_access(identity, key)
        return identity

    def current(self, identity: Identity, key: NoteKey) -> Access:
        """Say what somebody who was let in may still do.

        Raises:
            Unauthorized: nothing, and the token is why.
            Forbidden: nothing any more in this note.
        """
        return require_access(self._authenticator.current(identity), key)

    def seconds_left(self, identity: Identity) -> float:
        """Give the seconds until a token expires by its own words; infinite for one that does not."""
        return self._authenticator.seconds_left(identity)


def require_access(identity: Identity, key: NoteKey) -> Access:
    """Give what somebody may do with a note; raises Forbidden when that is nothing."""
    access = identity.access_to(*key)
    if not access:
        raise Forbidden(f"This token does not let you open {key.workspace}/{key.note}.")
    return access
