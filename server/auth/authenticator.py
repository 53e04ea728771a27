"""Tells who a token stands for at this moment: signed here or by an identity provider, not expired, not taken back."""

from dataclasses import replace

from server.access import ANYBODY, Access, Grant, Identity
from server.auth.errors import Unauthorized
from server.auth.revocations import Revocations
from server.auth.tokens import Tokens
from server.clock import Clock

_TAKEN_BACK = "The token was taken back: ask for a new one."
_EXPIRED = "The token has expired: ask for a new one."


class Authenticator:
    """Who is who. Without tokens, everybody is ``ANYBODY``."""

    def __init__(self, tokens: Tokens | None, revocations: Revocations, clock: Clock) -> None:
        """Make an authenticator.

        Args:
            tokens: reads and makes tokens; None: the server asks for none.
            revocations: which were taken back.
            clock: the time of day.
        """
        self.tokens = tokens
        self.revocations = revocations
        self._clock = clock

    @property
    def required(self) -> bool:
        """Whether a token is needed at all."""
        return self.tokens is not None

    async def identify(self, token: str | None) -> Identity:
        """Say who a token stands for, with what is left of it.

        Raises:
            Unauthorized: it is missing, not valid, or was taken back.
        """
        if self.tokens is None:
            return ANYBODY
        if not token:
            raise Unauthorized
        return self.current(await self.tokens.read(token))

    def owners_token(self, subject: str, seconds: float) -> str | None:
        """Make a token that allows everything for so long; None where none are made."""
        if self.tokens is None or not self.tokens.makes:
            return None
        now = self._clock().timestamp()
        return self.tokens.make(ANYBODY.grants, now, now + seconds, subject=subject).token

    def current(self, identity: Identity) -> Identity:
        """Give what is left of somebody who was let in earlier.

        Raises:
            Unauthorized: nothing: the token has expired or was taken back.
        """
        if self.has_expired(identity):
            raise Unauthorized(_EXPIRED)
        remaining = self.revocations.remaining(identity.token_id)
        if remaining is None:
            return identity
        if remaining == "none":
            raise Unauthorized(_TAKEN_BACK)
        return replace(identity, grants=tuple(_reduced(grant) for grant in identity.grants))

    def has_expired(self, identity: Identity) -> bool:
        """Whether somebody's time is over, whatever the clocks of servers differ by."""
        return identity.expires_at is not None and self.seconds_left(identity) + self._leeway <= 0

    def seconds_left(self, identity: Identity) -> float:
        """Give the seconds until a token expires by its own words; infinite for one that does not."""
        return float("inf") if identity.expires_at is None else identity.expires_at - self._clock().timestamp()

    @property
    def _leeway(self) -> float:
        return 0.0 if self.tokens is None else self.tokens.leeway


def _reduced(grant: Grant) -> Grant:
    return replace(grant, access=min(grant.access, Access.READ))
