"""Who makes a request, and whether they may."""

from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy import ColumnElement
from starlette.requests import Request

from server.access import EVERYWHERE, Access, Identity
from server.auth.errors import Forbidden
from server.service import Service
from server.visitor import visitor
from stores import tables
from stores.records.base import Records

_SCHEME = "bearer"


class Caller:
    """Somebody who makes a request."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    def require(self, access: Access, workspace: str, note: str | None = None) -> None:
        """Make sure that they have this access to a workspace, or to a note in it; whether it exists is not asked.

        Raises:
            Forbidden: they have not.
        """
        if self.identity.access_to(workspace, note) < access:
            where = f'the workspace "{workspace}"' if note is None else f'the note "{note}" in "{workspace}"'
            raise Forbidden(f"This token does not give {access.name.lower()} access to {where}.")

    def require_everywhere(self, access: Access) -> None:
        """Make sure that they have this access to every workspace; raises Forbidden."""
        if self.identity.access_to(EVERYWHERE) < access:
            raise Forbidden(f"This needs a token with {access.name.lower()} access to all workspaces.")

    async def require_of(self, access: Access, records: Records[Any], key: str) -> None:
        """Make sure that they have this access to the workspace of a row.

        Raises:
            NotFound: there is no such row, or they may not know of it.
            Forbidden: they may read it, and not more.
        """
        if self.identity.access_to(EVERYWHERE) < access:
            self.check(access, records, await records.read(key))

    def check(self, access: Access, records: Records[Any], row: Any) -> None:
        """Make sure that they have this access to the workspace of a row that was read; raises as ``require_of``."""
        if not self.identity.access_to(row.workspace_id):
            raise records.missing(row.id)
        self.require(access, row.workspace_id)

    def notes_in(self, workspace: str) -> list[ColumnElement[bool]]:
        """Give the condition that a note of a workspace is one that they may read: none when they may read all.

        Raises:
            Forbidden: they may read none.
        """
        if self.identity.access_to(workspace):
            return []
        notes = self.identity.notes_in(workspace)
        if not notes:
            self.require(Access.READ, workspace)
        return [tables.notes.c.id.in_(sorted(notes))]

    def among(self, column: ColumnElement[str]) -> list[ColumnElement[bool]]:
        """Give the condition that a row is of a workspace that they may read: none when they may read all."""
        workspaces = self.identity.workspaces
        return [] if workspaces is None else [column.in_(sorted(workspaces))]


async def _caller(request: Request) -> Caller:
    service: Service = request.state.service
    return Caller(await service.gate.identify(bearer_token(request), visitor("rest", request)))


def bearer_token(request: Request) -> str | None:
    """Give the token of the ``Authorization`` header (RFC 6750, 2.1)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == _SCHEME else None


KNOWN = Depends(_caller)
"""Makes a route ask for a token; who shows it is read once a request."""
Calling = Annotated[Caller, KNOWN]
"""The type of a handler's argument that is to be who makes the request."""
