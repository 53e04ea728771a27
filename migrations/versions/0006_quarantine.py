"""What is kept away from the documents: updates that ended the server, notes that cannot be loaded, rows left out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = ("workspace_id", "note_id", "kind", "digest")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("note_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("ids", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('update', 'note', 'dropped')", name=op.f("ck_quarantine_kind")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], op.f("fk_quarantine_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint(*_COLUMNS, name=op.f("uq_quarantine_workspace_id_note_id_kind_digest")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop it: what was kept away is taken again."""
    op.drop_table("quarantine")
