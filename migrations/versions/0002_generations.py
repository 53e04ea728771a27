"""What a note was before it was deleted, and a spec note for every workspace."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_SPEC_NOTES = """
    INSERT INTO notes
        (workspace_id, id, title, content, type, assigned_agent_ids, custom, created_at, updated_at)
    SELECT id, 'spec', 'Spec', '', 'spec', '[]', '{}', created_at, created_at FROM workspaces
    WHERE NOT EXISTS (SELECT 1 FROM notes WHERE notes.workspace_id = workspaces.id AND notes.id = 'spec')
"""


def upgrade() -> None:
    """Make the table, and the notes that are missing."""
    op.create_table(
        "deleted_notes",
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("note_id", sa.Text, nullable=False),
        sa.Column("state_vector", sa.LargeBinary, nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], op.f("fk_deleted_notes_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("workspace_id", "note_id", name=op.f("pk_deleted_notes")),
    )
    op.execute(_SPEC_NOTES)


def downgrade() -> None:
    """Drop the table; the notes stay, for somebody may have written in them."""
    op.drop_table("deleted_notes")
