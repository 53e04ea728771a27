"""Tokens, and who shows them, as clients see and send them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from server.api.models.base import Input, Model, Name, Text, unset
from server.auth.tokens import Level

LONGEST_SECONDS = 10 * 366 * 24 * 3600
"""How long a token may hold: about ten years."""


class Grant(Model):
    """Access to a workspace, or to one note in it."""

    workspace: str
    access: Level
    note: str = unset()


class Identity(Model):
    """Who shows a token, and what it lets them do."""

    subject: str
    grants: list[Grant]
    tokens: Annotated[bool, Field(description="Whether the server asks for tokens at all.")]
    name: str = unset()
    expires_at: datetime = unset()


class NewToken(Input):
    """A token to be made: for a workspace, or one note in it."""

    workspace_id: Annotated[Name, Field(description="`*` for all workspaces.")]
    note_id: Name | None = None
    access: Level
    name: Annotated[Text | None, Field(max_length=255, description="Who is to use it, for people.")] = None
    expires_in_seconds: Annotated[int | None, Field(ge=1, le=LONGEST_SECONDS)] = None


class Token(Model):
    """A token that was made. It is not kept here: whoever has it may use it."""

    token: str
    id: Annotated[str, Field(description="What it can be taken back by.")]
    expires_at: datetime = unset()


class Revocation(Input):
    """A token to be taken back."""

    id: Annotated[Name | None, Field(description="Its id; needs admin access to all workspaces.")] = None
    token: Annotated[Text | None, Field(description="The token itself: whoever has it may end it.")] = None
    access: Annotated[
        Literal["none", "read"], Field(description="What it is still good for: `read` makes it read-only.")
    ] = "none"

    @model_validator(mode="after")
    def _one(self) -> "Revocation":
        if (self.id is None) == (self.token is None):
            raise ValueError('give either "id" or "token"')
        return self


class Revoked(Model):
    """The answer to a revocation."""

    revoked: bool = True
    id: str
