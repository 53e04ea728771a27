"""Indexes in the order of the lists: a page of a large workspace is read, not sorted."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("agents", "tasks")
_COLUMNS = ["workspace_id", "created_at", "id"]


def upgrade() -> None:
    """Make the indexes."""
    for table in _TABLES:
        op.create_index(op.f(f"ix_{table}_workspace_id_created_at_id"), table, _COLUMNS)


def downgrade() -> None:
    """Drop them."""
    for table in _TABLES:
        op.drop_index(op.f(f"ix_{table}_workspace_id_created_at_id"), table)
