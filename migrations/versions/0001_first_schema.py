"""The first schema: notes with their log and snapshots, and the other nouns of the REST surface."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TASK_STATUSES = "PENDING IN_PROGRESS REVIEW_REQUIRED COMPLETED NEEDS_FIX BLOCKED CANCELLED"
_ROLES = "ROUTA CRAFTER GATE DEVELOPER"
_TABLES = (
    "schema_history workspaces notes note_updates note_snapshots "
    "agents conversations tasks codebases background_tasks schedules"
)


def upgrade() -> None:
    """Make all tables; those that others refer to come first."""
    _schema_history()
    _workspaces()
    _notes()
    _note_documents()
    _agents()
    _conversations()
    _tasks()
    _codebases()
    _background_tasks()
    _schedules()


def downgrade() -> None:
    """Drop all tables, in the opposite order; their indexes go with them."""
    for table in reversed(_TABLES.split()):
        op.drop_table(table)


def _columns(names: str, kind: Any = sa.Text, *, null: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=null) for name in names.split()]


def _json(names: str, *, null: bool = False) -> list[sa.Column[Any]]:
    return _columns(names, sa.JSON().with_variant(JSONB(), "postgresql"), null=null)


def _moments(names: str, *, null: bool = False) -> list[sa.Column[Any]]:
    return _columns(names, sa.DateTime(timezone=True), null=null)


def _log_id(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity())


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _one_of(table: str, column: str, values: str) -> sa.CheckConstraint:
    quoted = ", ".join(f"'{value}'" for value in values.split())
    return sa.CheckConstraint(f"{column} IN ({quoted})", name=op.f(f"ck_{table}_{column}"))


def _belongs(table: str, columns: str, parent: str, targets: str = "id") -> sa.ForeignKeyConstraint:
    names = columns.split()
    referred = [f"{parent}.{target}" for target in targets.split()]
    return sa.ForeignKeyConstraint(names, referred, op.f(f"fk_{table}_{names[0]}_{parent}"), ondelete="CASCADE")


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _schema_history() -> None:
    columns = [*_columns("revision release"), *_moments("applied_at")]
    op.create_table("schema_history", *columns, _key("schema_history", "revision"))


def _workspaces() -> None:
    op.create_table(
        "workspaces",
        *_columns("id title status"),
        *_columns("repo_path branch", null=True),
        *_json("metadata"),
        *_moments("created_at updated_at"),
        _one_of("workspaces", "status", "active archived"),
        _key("workspaces", "id"),
    )
    _index("workspaces", "status")


def _notes() -> None:
    op.create_table(
        "notes",
        *_columns("workspace_id id title content type"),
        *_columns("session_id task_status parent_note_id linked_task_id", null=True),
        *_json("assigned_agent_ids custom"),
        *_moments("created_at updated_at"),
        _one_of("notes", "type", "spec task general"),
        _one_of("notes", "task_status", _TASK_STATUSES),
        _belongs("notes", "workspace_id", "workspaces"),
        _key("notes", "workspace_id", "id"),
    )
    _index("notes", "workspace_id", "type")
    _index("notes", "workspace_id", "session_id")
    if op.get_context().dialect.name == "postgresql":
        op.create_index("ix_notes_assigned_agent_ids", "notes", ["assigned_agent_ids"], postgresql_using="gin")


def _note_documents() -> None:
    op.create_table(
        "note_updates",
        _log_id("id"),
        *_columns("workspace_id note_id"),
        *_columns("payload", sa.LargeBinary),
        _belongs("note_updates", "workspace_id note_id", "notes", "workspace_id id"),
        _key("note_updates", "id"),
        sqlite_autoincrement=True,
    )
    _index("note_updates", "workspace_id", "note_id", "id")
    op.create_table(
        "note_snapshots",
        *_columns("workspace_id note_id"),
        *_columns("state", sa.LargeBinary),
        *_columns("pending", sa.LargeBinary, null=True),
        *_columns("revision", sa.Integer),
        *_moments("updated_at"),
        _belongs("note_snapshots", "workspace_id note_id", "notes", "workspace_id id"),
        _key("note_snapshots", "workspace_id", "note_id"),
    )


def _agents() -> None:
    op.create_table(
        "agents",
        *_columns("id workspace_id name role model_tier status"),
        *_columns("parent_id", null=True),
        *_json("metadata"),
        *_moments("created_at updated_at"),
        _one_of("agents", "role", _ROLES),
        _one_of("agents", "model_tier", "SMART BALANCED FAST"),
        _one_of("agents", "status", "PENDING ACTIVE COMPLETED ERROR CANCELLED"),
        _belongs("agents", "workspace_id", "workspaces"),
        _key("agents", "id"),
    )
    _index("agents", "workspace_id", "role")
    _index("agents", "workspace_id", "status")
    _index("agents", "workspace_id", "parent_id")


def _conversations() -> None:
    op.create_table(
        "conversations",
        _log_id("seq"),
        *_columns("id agent_id role content"),
        *_moments("timestamp"),
        *_columns("tool_name", null=True),
        *_json("tool_args", null=True),
        *_columns("turn", sa.Integer, null=True),
        _one_of("conversations", "role", "SYSTEM USER ASSISTANT TOOL"),
        _belongs("conversations", "agent_id", "agents"),
        sa.UniqueConstraint("id", name=op.f("uq_conversations_id")),
        _key("conversations", "seq"),
        sqlite_autoincrement=True,
    )
    _index("conversations", "agent_id", "seq")
    _index("conversations", "agent_id", "turn")


def _tasks() -> None:
    op.create_table(
        "tasks",
        *_columns("id workspace_id title objective status"),
        *_json("dependencies acceptance_criteria verification_commands test_cases labels codebase_ids"),
        *_columns("scope assigned_to board_id column_id priority assignee assigned_provider assigned_role", null=True),
        *_columns("assigned_specialist_id assigned_specialist_name trigger_session_id session_id", null=True),
        *_columns("github_id github_url github_repo github_state last_sync_error parallel_group", null=True),
        *_columns("completion_summary verification_verdict verification_report", null=True),
        *_columns("position github_number", sa.Integer, null=True),
        *_moments("github_synced_at", null=True),
        *_columns("version", sa.Integer),
        *_moments("created_at updated_at"),
        _one_of("tasks", "status", _TASK_STATUSES),
        _one_of("tasks", "priority", "low medium high urgent"),
        _one_of("tasks", "assigned_role", _ROLES),
        _one_of("tasks", "verification_verdict", "APPROVED NOT_APPROVED BLOCKED"),
        _belongs("tasks", "workspace_id", "workspaces"),
        _key("tasks", "id"),
    )
    _index("tasks", "workspace_id", "status")
    _index("tasks", "workspace_id", "assigned_to")
    _index("tasks", "workspace_id", "session_id")


def _codebases() -> None:
    op.create_table(
        "codebases",
        *_columns("id workspace_id repo_path"),
        *_columns("is_default", sa.Boolean),
        *_columns("branch label source_type source_url", null=True),
        *_moments("created_at updated_at"),
        _one_of("codebases", "source_type", "local github"),
        _belongs("codebases", "workspace_id", "workspaces"),
        sa.UniqueConstraint("workspace_id", "repo_path", name=op.f("uq_codebases_workspace_id_repo_path")),
        _key("codebases", "id"),
    )
    where, name = sa.text("is_default"), "uq_codebases_default"
    op.create_index(name, "codebases", ["workspace_id"], unique=True, sqlite_where=where, postgresql_where=where)


def _background_tasks() -> None:
    op.create_table(
        "background_tasks",
        *_columns("id workspace_id title prompt agent_id status triggered_by trigger_source priority"),
        *_columns("attempts max_attempts", sa.Integer),
        *_columns("result_session_id error_message current_activity", null=True),
        *_columns("workflow_run_id workflow_step_name task_output", null=True),
        *_moments("started_at completed_at last_activity", null=True),
        *_columns("tool_call_count input_tokens output_tokens", sa.BigInteger, null=True),
        *_json("depends_on_task_ids"),
        *_moments("created_at updated_at"),
        _one_of("background_tasks", "status", "PENDING RUNNING COMPLETED FAILED CANCELLED"),
        _one_of("background_tasks", "trigger_source", "manual schedule webhook polling fleet workflow"),
        _one_of("background_tasks", "priority", "HIGH NORMAL LOW"),
        _belongs("background_tasks", "workspace_id", "workspaces"),
        _key("background_tasks", "id"),
    )
    _index("background_tasks", "workspace_id", "status", "created_at")
    _index("background_tasks", "workspace_id", "created_at")


def _schedules() -> None:
    op.create_table(
        "schedules",
        *_columns("id workspace_id name cron_expr task_prompt agent_id"),
        *_columns("enabled", sa.Boolean),
        *_moments("last_run_at next_run_at", null=True),
        *_columns("last_task_id prompt_template", null=True),
        *_moments("created_at updated_at"),
        _belongs("schedules", "workspace_id", "workspaces"),
        _key("schedules", "id"),
    )
    _index("schedules", "workspace_id")
    _index("schedules", "enabled", "next_run_at")
