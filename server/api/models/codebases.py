"""Codebases, as clients see and send them."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from server.api.models.base import Input, Listing, Model, Text, unset
from server.api.models.words import CodebaseSourceType

_MOST_BYTES = 1500
"""What has a place in an index of Postgres, beside the id of the workspace."""


def _short(value: str) -> str:
    if len(value.encode()) > _MOST_BYTES:
        raise ValueError(f"it is longer than {_MOST_BYTES} bytes")
    return value


RepoPath = Annotated[Text, AfterValidator(_short), Field(min_length=1, max_length=1000)]
"""Where a repository is: a path or a URL."""


class Codebase(Model):
    """A repository that a workspace works on."""

    id: str
    workspace_id: str
    repo_path: str
    is_default: bool
    created_at: datetime
    updated_at: datetime
    branch: str = unset()
    label: str = unset()
    source_type: CodebaseSourceType = unset()
    source_url: str = unset()


class CodebaseAnswer(Model):
    """A codebase under its name."""

    codebase: Codebase


class CodebaseList(Model):
    """A page of codebases, oldest first."""

    codebases: list[Codebase]
    next_cursor: str = unset()


class CodebaseQuery(Listing):
    """Which page of a workspace's codebases."""


class _Fields(Input):
    branch: Text | None = None
    label: Text | None = None
    source_type: CodebaseSourceType | None = None
    source_url: Text | None = None


class NewCodebase(_Fields):
    """A codebase to be added; the first one of a workspace becomes its default."""

    repo_path: RepoPath


class CodebaseChanges(_Fields):
    """What is to change; null takes an optional value away."""

    repo_path: RepoPath = unset()
