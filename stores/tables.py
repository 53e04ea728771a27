"""The schema: what the code works with. `migrations` brings a database to it, `drift` compares the two."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from stores import enumerations as words
from stores import naming, quarantine_table
from stores.columns import Json, LogId, Timestamp, lists, one_of, optional, required, stamps, workspace

metadata = naming.metadata

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True),
    required("title"),
    *optional("repo_path", "branch"),
    *one_of("status", words.WORKSPACE_STATUSES, default="active"),
    Column("metadata", Json, nullable=False, default=dict),
    *stamps(),
    Index(None, "status"),
)

notes = Table(
    "notes",
    metadata,
    Column("workspace_id", Text, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("id", Text, primary_key=True),
    required("title"),
    Column("content", Text, nullable=False, default=""),
    *optional("session_id"),
    *one_of("type", words.NOTE_TYPES, default="general"),
    *one_of("task_status", words.TASK_STATUSES, required=False),
    *lists("assigned_agent_ids"),
    *optional("parent_note_id", "linked_task_id"),
    Column("custom", Json, nullable=False, default=dict),
    *stamps(),
    Index(None, "workspace_id", "type"),
    Index(None, "workspace_id", "session_id"),
    # Only Postgres can look into a JSON list by an index.
    Index("ix_notes_assigned_agent_ids", "assigned_agent_ids", postgresql_using="gin").ddl_if("postgresql"),
)

note_updates = Table(
    "note_updates",
    metadata,
    Column("id", LogId, Identity(), primary_key=True),
    required("workspace_id"),
    required("note_id"),
    required("payload", LargeBinary),
    ForeignKeyConstraint(["workspace_id", "note_id"], ["notes.workspace_id", "notes.id"], ondelete="CASCADE"),
    Index(None, "workspace_id", "note_id", "id"),
    sqlite_autoincrement=True,
)
"""The log: one row an update (Yjs update v1), in the order of ``id``, which is never given twice."""

note_snapshots = Table(
    "note_snapshots",
    metadata,
    Column("workspace_id", Text, primary_key=True),
    Column("note_id", Text, primary_key=True),
    required("state", LargeBinary),
    *optional("pending", kind=LargeBinary),
    required("revision", Integer),
    required("updated_at", Timestamp),
    *optional("compression"),
    *optional("seal", kind=LargeBinary),
    ForeignKeyConstraint(["workspace_id", "note_id"], ["notes.workspace_id", "notes.id"], ondelete="CASCADE"),
)
"""The whole document (``state``) and the updates that still miss a predecessor (``pending``), both update v1.

``compression`` says how ``state`` is packed (see ``stores.packing``), ``seal`` what is known of it (see ``crdt.seal``).
"""

deleted_notes = Table(
    "deleted_notes",
    metadata,
    Column("workspace_id", Text, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("note_id", Text, primary_key=True),
    required("state_vector", LargeBinary),
    required("deleted_at", Timestamp),
)
"""The state vector of what a note was before it was deleted, and of all that it was before that."""

quarantine = quarantine_table.quarantine

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    workspace(),
    required("name"),
    *one_of("role", words.AGENT_ROLES),
    *one_of("model_tier", words.MODEL_TIERS, default="SMART"),
    *one_of("status", words.AGENT_STATUSES, default="PENDING"),
    *optional("parent_id"),
    Column("metadata", Json, nullable=False, default=dict),
    *stamps(),
    Index(None, "workspace_id", "created_at", "id"),
    Index(None, "workspace_id", "role"),
    Index(None, "workspace_id", "status"),
    Index(None, "workspace_id", "parent_id"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("seq", LogId, Identity(), primary_key=True),
    required("id"),
    Column("agent_id", Text, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    *one_of("role", words.MESSAGE_ROLES),
    required("content"),
    required("timestamp", Timestamp),
    *optional("tool_name"),
    *optional("tool_args", kind=Json),
    *optional("turn", kind=Integer),
    UniqueConstraint("id"),
    Index(None, "agent_id", "seq"),
    Index(None, "agent_id", "turn"),
    sqlite_autoincrement=True,
)
"""Messages; ``seq`` keeps the order of those with the same timestamp."""

tasks = Table(
    "tasks",
    metadata,
    Column("id", Text, primary_key=True),
    workspace(),
    required("title"),
    required("objective"),
    *one_of("status", words.TASK_STATUSES, default="PENDING"),
    *lists("dependencies", "acceptance_criteria", "verification_commands", "test_cases", "labels", "codebase_ids"),
    *optional("scope", "assigned_to", "board_id", "column_id"),
    *optional("position", kind=Integer),
    *one_of("priority", words.TASK_PRIORITIES, required=False),
    *optional("assignee", "assigned_provider"),
    *one_of("assigned_role", words.AGENT_ROLES, required=False),
    *optional("assigned_specialist_id", "assigned_specialist_name", "trigger_session_id", "session_id", "github_id"),
    *optional("github_number", kind=Integer),
    *optional("github_url", "github_repo", "github_state"),
    *optional("github_synced_at", kind=Timestamp),
    *optional("last_sync_error", "parallel_group", "completion_summary"),
    *one_of("verification_verdict", words.VERDICTS, required=False),
    *optional("verification_report"),
    Column("version", Integer, nullable=False, default=1),
    *stamps(),
    Index(None, "workspace_id", "created_at", "id"),
    Index(None, "workspace_id", "status"),
    Index(None, "workspace_id", "assigned_to"),
    Index(None, "workspace_id", "session_id"),
)

codebases = Table(
    "codebases",
    metadata,
    Column("id", Text, primary_key=True),
    workspace(),
    required("repo_path"),
    Column("is_default", Boolean, nullable=False, default=False),
    *optional("branch", "label"),
    *one_of("source_type", words.SOURCE_TYPES, required=False),
    *optional("source_url"),
    *stamps(),
    UniqueConstraint("workspace_id", "repo_path"),
)
_DEFAULT = text("is_default")
Index("uq_codebases_default", codebases.c.workspace_id, unique=True, sqlite_where=_DEFAULT, postgresql_where=_DEFAULT)

background_tasks = Table(
    "background_tasks",
    metadata,
    Column("id", Text, primary_key=True),
    workspace(),
    required("title"),
    required("prompt"),
    required("agent_id"),
    *one_of("status", words.BACKGROUND_STATUSES, default="PENDING"),
    required("triggered_by"),
    *one_of("trigger_source", words.TRIGGER_SOURCES, default="manual"),
    *one_of("priority", words.BACKGROUND_PRIORITIES, default="NORMAL"),
    Column("attempts", Integer, nullable=False, default=0),
    Column("max_attempts", Integer, nullable=False, default=3),
    *optional("result_session_id", "error_message"),
    *optional("started_at", "completed_at", "last_activity", kind=Timestamp),
    *optional("current_activity"),
    *optional("tool_call_count", "input_tokens", "output_tokens", kind=BigInteger),
    *optional("workflow_run_id", "workflow_step_name"),
    *lists("depends_on_task_ids"),
    *optional("task_output"),
    *optional("worker_id"),
    *optional("lease_seconds", kind=Integer),
    *optional("lease_expires_at", kind=Timestamp),
    *stamps(),
    Index(None, "workspace_id", "status", "created_at"),
    Index(None, "workspace_id", "created_at"),
    Index(None, "status", "priority", "created_at", "id"),
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", Text, primary_key=True),
    workspace(),
    required("name"),
    required("cron_expr"),
    required("task_prompt"),
    required("agent_id"),
    Column("enabled", Boolean, nullable=False, default=True),
    *optional("last_run_at", "next_run_at", kind=Timestamp),
    *optional("last_task_id", "prompt_template"),
    *stamps(),
    Index(None, "workspace_id"),
    Index(None, "enabled", "next_run_at"),
)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("id", Text, primary_key=True),
    *one_of("access", words.REMAINING_ACCESS),
    required("revoked_at", Timestamp),
    *optional("expires_at", kind=Timestamp),
)
"""Tokens that were taken back, or left with less than they say, until they would have expired anyway."""

schema_history = Table(
    "schema_history",
    metadata,
    Column("revision", Text, primary_key=True),
    required("release"),
    required("applied_at", Timestamp),
)
"""Which routa-notes release brought which revision of the schema: what an older server names when it refuses."""
