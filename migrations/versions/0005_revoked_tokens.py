"""Tokens that were taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "revoked_tokens",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("access", sa.Text, nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("access IN ('none', 'read')", name=op.f("ck_revoked_tokens_access")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revoked_tokens")),
    )


def downgrade() -> None:
    """Drop it: what was taken back is valid again."""
    op.drop_table("revoked_tokens")
