"""What is known of a snapshot, so that it need not be read before it is sent; and whether it is compressed."""

import zlib

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SNAPSHOTS = sa.table(
    "note_snapshots",
    sa.column("workspace_id", sa.Text),
    sa.column("note_id", sa.Text),
    sa.column("state", sa.LargeBinary),
    sa.column("compression", sa.Text),
)


def upgrade() -> None:
    """Add both; the snapshots that are there stay as they are, until they are replaced."""
    op.add_column("note_snapshots", sa.Column("compression", sa.Text, nullable=True))
    op.add_column("note_snapshots", sa.Column("seal", sa.LargeBinary, nullable=True))


def downgrade() -> None:
    """Decompress the snapshots, and drop both."""
    connection, key = op.get_bind(), (_SNAPSHOTS.c.workspace_id, _SNAPSHOTS.c.note_id)
    compressed = sa.select(*key).where(_SNAPSHOTS.c.compression.is_not(None))
    for workspace, note in connection.execute(compressed).all():
        this = (key[0] == workspace, key[1] == note)
        state = zlib.decompress(connection.execute(sa.select(_SNAPSHOTS.c.state).where(*this)).scalar_one())
        connection.execute(sa.update(_SNAPSHOTS).where(*this).values(state=state))
    op.drop_column("note_snapshots", "seal")
    op.drop_column("note_snapshots", "compression")
