"""The statements of the note log."""

from sqlalchemy import and_, bindparam, delete, literal, null, select, union_all, update

from stores.tables import deleted_notes, note_snapshots, note_updates, notes

_THIS_NOTE = and_(notes.c.workspace_id == bindparam("workspace"), notes.c.id == bindparam("note"))
_THIS_SNAPSHOT = and_(
    note_snapshots.c.workspace_id == bindparam("workspace"), note_snapshots.c.note_id == bindparam("note")
)
_THIS_DELETED = and_(
    deleted_notes.c.workspace_id == bindparam("workspace"), deleted_notes.c.note_id == bindparam("note")
)
EARLIER = select(deleted_notes.c.state_vector).where(_THIS_DELETED)
_LOG = and_(note_updates.c.workspace_id == bindparam("workspace"), note_updates.c.note_id == bindparam("note"))
ROWS = select(note_updates.c.id, note_updates.c.payload).where(_LOG).order_by(note_updates.c.id)
_HEAD = (
    select(
        literal(0).label("id"),
        note_snapshots.c.state.label("payload"),
        note_snapshots.c.compression,
        note_snapshots.c.pending,
        note_snapshots.c.revision,
        note_snapshots.c.seal,
        EARLIER.scalar_subquery().label("earlier"),
    )
    .select_from(notes.outerjoin(note_snapshots))
    .where(_THIS_NOTE)
)
WHOLE = union_all(
    _HEAD, select(note_updates.c.id, note_updates.c.payload, *(null() for _ in range(5))).where(_LOG)
).order_by("id")
"""The note and its snapshot, and behind it, in their order, the rows of its log: all at one moment."""
LOCK = select(notes.c.id).where(_THIS_NOTE).with_for_update()
FORGET = delete(deleted_notes).where(_THIS_DELETED)
DELETE_NOTE = delete(notes).where(_THIS_NOTE)
LOGGED = ("workspace_id", "note_id", "payload")
DELETE = delete(note_updates).where(note_updates.c.id.in_(bindparam("ids", expanding=True)))
TEXT = update(notes).where(_THIS_NOTE).values(content=bindparam("text"), updated_at=bindparam("now"))
REPLACE = update(note_snapshots).where(_THIS_SNAPSHOT, note_snapshots.c.revision == bindparam("read"))
