"""The way into a note, whatever a client speaks."""

from server.access import Access, Identity
from server.auth.authenticator import Authenticator
from server.auth.errors import Forbidden, Unauthorized
from server.hookrunner import HookRunner
from server.hooks import Connection, Request
from stores.notelog import NoteKey


class Gate:
    """Lets those into a note who may read it at least. What the hooks say of somebody goes before what a token says."""

    def __init__(self, authenticator: Authenticator, hooks: HookRunner) -> None:
        self._authenticator = authenticator
        self._hooks = hooks

    async def admit(self, token: str | None, key: NoteKey, visitor: Connection) -> Identity:
        """Say who wants to open a note, if they may; whether it exists is not asked.

        Raises:
            Unauthorized: the token is missing or not valid.
            Forbidden: it is good for other notes.
            Refused: a hook does not want them.
        """
        identity = await self.identify(token, visitor, key)
        require_access(identity, key)
        return identity

    async def identify(self, token: str | None, visitor: Connection, key: NoteKey | None = None) -> Identity:
        """Say who comes with a token, or with none.

        Raises:
            Unauthorized: the token is missing or not valid, and no hook knows them.
            Refused: a hook does not want them.
        """
        known, refusal = None, Unauthorized()
        try:
            known = await self._authenticator.identify(token)
        except Unauthorized as error:
            refusal = error
        workspace, note = key or (None, None)
        identity = await self._hooks.authorize(Request(visitor, token or "", workspace, note, known))
        if identity is None:
            raise refusal
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
