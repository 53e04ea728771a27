"""Who somebody is, and what that lets them do."""

from dataclasses import dataclass
from enum import IntEnum

EVERYWHERE = "*"
"""Stands for every workspace in a grant."""


class Access(IntEnum):
    """What somebody may do with a note or a workspace; each level includes the ones before it."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3
    """Also change, archive and delete the workspace itself, and make and take back its tokens."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Access to a workspace and all in it, or to one note alone."""

    workspace: str
    """A workspace's id, or ``*`` for all."""
    access: Access
    note: str | None = None
    """The id of the note; ``None`` for the whole workspace."""

    def covers(self, workspace: str, note: str | None) -> bool:
        """Whether it is about a workspace (``note`` is None) or a note."""
        return self.workspace in (EVERYWHERE, workspace) and self.note in (None, note)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as a token or a hook describes them."""

    subject: str
    """Who it is, for programs: the ``sub`` of a token."""
    grants: tuple[Grant, ...]
    name: str | None = None
    """Who it is, for people."""
    token_id: str | None = None
    """The id of the token, by which it can be taken back; None where there was none."""
    expires_at: float | None = None
    """When it ends, in seconds since the epoch; None: never."""

    def access_to(self, workspace: str, note: str | None = None) -> Access:
        """Give what they may do with a workspace, or with one note in it."""
        return max((grant.access for grant in self.grants if grant.covers(workspace, note)), default=Access.NONE)

    def notes_in(self, workspace: str) -> frozenset[str]:
        """Give the ids of the notes in a workspace that they were granted by name."""
        return frozenset(
            grant.note
            for grant in self.grants
            if grant.note is not None and grant.workspace in (EVERYWHERE, workspace) and grant.access > Access.NONE
        )

    @property
    def workspaces(self) -> frozenset[str] | None:
        """The workspaces that they may read as a whole; None for all of them."""
        readable = frozenset(grant.workspace for grant in self.grants if grant.note is None and grant.access)
        return None if EVERYWHERE in readable else readable


ANYBODY = Identity("anybody", (Grant(EVERYWHERE, Access.ADMIN),))
"""Who everybody is on a server that asks for no token."""
