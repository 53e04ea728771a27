"""The table of what is kept away from the documents."""

from sqlalchemy import Column, Identity, Integer, LargeBinary, Table, UniqueConstraint

from stores.columns import LogId, Timestamp, lists, one_of, required, workspace
from stores.enumerations import QUARANTINE_KINDS
from stores.naming import metadata

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", LogId, Identity(), primary_key=True),
    workspace(),
    required("note_id"),
    *one_of("kind", QUARANTINE_KINDS),
    required("digest"),
    required("size", Integer),
    required("payload", LargeBinary),
    *lists("ids"),
    *(required(name) for name in ("sender", "reason")),
    required("created_at", Timestamp),
    UniqueConstraint("workspace_id", "note_id", "kind", "digest"),
    sqlite_autoincrement=True,
)
"""What is kept away from the documents: see ``stores.quarantine``."""
