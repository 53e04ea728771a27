"""How many bytes a connection and a user may send: so many at once, and so many a second for long.

A bucket is filled up only when it is empty, so most messages cost one subtraction and no look at the clock. The price
is that after a long silence somebody can send twice the burst.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Rate:
    """What may be sent."""

    per_second: float
    """Bytes a second; 0 for any number."""
    burst: float
    """Bytes at once."""

    @property
    def recovery(self) -> float:
        """Seconds in which an empty bucket is full again."""
        return self.burst / self.per_second if self.per_second else 0.0


class Bucket:
    """The bytes that may still be sent."""

    __slots__ = ("_clock", "_filled_at", "_left", "_rate")

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        """Make a full bucket.

        Args:
            rate: what it allows.
            clock: the time in seconds; it must not go back.
        """
        self._rate = rate
        self._clock = clock
        self._left = rate.burst if rate.per_second else inf
        self._filled_at = clock()

    def spend(self, size: int) -> float:
        """Take bytes out; 0.0 when they were there, else the seconds until there is room again."""
        self._left -= size
        return 0.0 if self._left >= 0 else self._fill()

    def _fill(self) -> float:
        now = self._clock()
        self._left = min(self._rate.burst, self._left + (now - self._filled_at) * self._rate.per_second)
        self._filled_at = now
        return 0.0 if self._left >= 0 else -self._left / self._rate.per_second


@dataclass(slots=True)
class _Shared:
    bucket: Bucket
    users: int = 0
    idle_since: float = 0.0


class Meter:
    """What one connection may send: its own bucket, and its user's."""

    __slots__ = ("_own", "_rates", "_shared", "_user")

    def __init__(self, rates: "Rates", own: Bucket) -> None:
        self._rates = rates
        self._own = own
        self._user: Hashable = None
        self._shared: Bucket | None = None

    def spend(self, size: int) -> float:
        """Count bytes that came in; 0.0 when that is fine, else the seconds that the client should stay away."""
        wait = self._own.spend(size)
        return wait if self._shared is None else max(wait, self._shared.spend(size))

    def known_as(self, user: Hashable) -> None:
        """Count for a user from now on; None for nobody in particular."""
        if user != self._user:
            self.end()
            self._user = user
            self._shared = None if user is None else self._rates.enter(user)

    def end(self) -> None:
        """Count for no user any more."""
        if self._user is not None:
            self._rates.leave(self._user)
            self._user = self._shared = None


class Rates:
    """The meters of all connections. A user without connections is forgotten when the bucket is full again."""

    def __init__(self, connection: Rate, user: Rate, clock: Callable[[], float]) -> None:
        """Make it.

        Args:
            connection: what each connection may send.
            user: what all connections of a user may send together.
            clock: the time in seconds; it must not go back.
        """
        self._connection = connection
        self._user = user
        self._clock = clock
        self._shared: dict[Hashable, _Shared] = {}
        self._idle: dict[Hashable, None] = {}

    def __len__(self) -> int:
        return len(self._shared)

    def meter(self) -> Meter:
        """Make the meter of a connection. ``end`` it with the connection."""
        return Meter(self, Bucket(self._connection, self._clock))

    def enter(self, user: Hashable) -> Bucket:
        """Give the bucket of a user for one more connection."""
        self._forget()
        shared = self._shared.get(user)
        if shared is None:
            shared = self._shared[user] = _Shared(Bucket(self._user, self._clock))
        shared.users += 1
        self._idle.pop(user, None)
        return shared.bucket

    def leave(self, user: Hashable) -> None:
        """Say that a connection of a user is gone."""
        shared = self._shared[user]
        shared.users -= 1
        if shared.users == 0:
            shared.idle_since = self._clock()
            self._idle[user] = None
        self._forget()

    def _forget(self) -> None:
        """Let go of the users who have been away for long enough, the longest first."""
        before = self._clock() - self._user.recovery
        while self._idle:
            user = next(iter(self._idle))
            if self._shared[user].idle_since > before:
                return
            del self._idle[user], self._shared[user]
