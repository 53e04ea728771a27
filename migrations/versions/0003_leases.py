"""Leases of background tasks: which worker has one, for how long, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INDEX = "ix_background_tasks_status_priority_created_at_id"


def upgrade() -> None:
    """Add the columns of a lease, and the index that finds what is ready and what has run out."""
    op.add_column("background_tasks", sa.Column("worker_id", sa.Text, nullable=True))
    op.add_column("background_tasks", sa.Column("lease_seconds", sa.Integer, nullable=True))
    op.add_column("background_tasks", sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f(_INDEX), "background_tasks", ["status", "priority", "created_at", "id"])


def downgrade() -> None:
    """Drop them: who works on what is forgotten."""
    op.drop_index(op.f(_INDEX), "background_tasks")
    for name in ("lease_expires_at", "lease_seconds", "worker_id"):
        op.drop_column("background_tasks", name)
