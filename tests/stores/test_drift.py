import pytest
from sqlalchemy import text

from stores.drift import drift
from stores.engine import Database
from stores.tables import metadata
from stores.target import Driver, Target


async def change(database: Database, *statements: str) -> list[str]:
    """Change the live schema by hand and ask for the drift."""
    async with database.write() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    return await drift(database)


async def rebuild(database: Database, table: str, old: str, new: str) -> list[str]:
    """Change a table of SQLite in a way for which it has no ALTER."""
    async with database.read() as connection:
        find = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
        made = str(await connection.scalar(find, {"name": table}))
        indexes = text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name AND sql IS NOT NULL")
        again = (await connection.scalars(indexes, {"name": table})).all()
    assert old in made
    return await change(database, f"DROP TABLE {table}", made.replace(old, new), *again)


async def test_a_fresh_schema_has_none_and_looking_changes_nothing(database: Database) -> None:
    assert await drift(database) == []
    assert await drift(database) == []


async def test_an_empty_database_misses_every_table(target: Target) -> None:
    database = await Database.open(target)
    assert await drift(database) == [f'Table "{name}" is missing.' for name in sorted(metadata.tables)]
    await database.close()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("DROP TABLE schedules", 'Table "schedules" is missing.'),
        ("CREATE TABLE extra (a INTEGER)", 'Table "extra" is not in the code.'),
        ("ALTER TABLE tasks DROP COLUMN scope", 'Table "tasks": column "scope" is missing.'),
        ("ALTER TABLE tasks ADD COLUMN extra TEXT", 'Table "tasks": column "extra" is not in the code.'),
        ("DROP INDEX ix_tasks_workspace_id_status", 'Table "tasks": index "ix_tasks_workspace_id_status" is missing.'),
        ("CREATE INDEX extra ON tasks (scope)", 'Table "tasks": index "extra" is not in the code.'),
    ],
)
async def test_what_is_missing_and_what_is_too_much(database: Database, statement: str, sentence: str) -> None:
    assert await change(database, statement) == [sentence]


@pytest.mark.parametrize(
    ("index", "again", "sentence"),
    [
        (
            "ix_tasks_workspace_id_status",
            "CREATE INDEX ix_tasks_workspace_id_status ON tasks (status, workspace_id)",
            "has the columns (status, workspace_id), and the code has (workspace_id, status).",
        ),
        (
            "ix_tasks_workspace_id_status",
            "CREATE UNIQUE INDEX ix_tasks_workspace_id_status ON tasks (workspace_id, status)",
            "has the uniqueness UNIQUE, and the code has none.",
        ),
        (
            "uq_codebases_default",
            "CREATE UNIQUE INDEX uq_codebases_default ON codebases (workspace_id)",
            "has the options none, and the code has ",
        ),
    ],
)
async def test_an_index_that_differs(database: Database, index: str, again: str, sentence: str) -> None:
    (found,) = await change(database, f"DROP INDEX {index}", again)
    assert f'index "{index}" {sentence}' in found


PARENT = "fk_tasks_workspace_id_workspaces"
AGENT = "fk_conversations_agent_id_agents"
LOCAL = "TIMESTAMP WITHOUT TIME ZONE"

# What SQLite can only do by making the table anew, and Postgres by an ALTER.
DIFFERENCES = [
    pytest.param(
        ("tasks", "title TEXT NOT NULL", "title INTEGER NOT NULL"),
        ["ALTER TABLE tasks ALTER COLUMN title TYPE INTEGER USING 1"],
        'Table "tasks": column "title" has the type INTEGER, and the code has TEXT.',
        id="type",
    ),
    pytest.param(
        ("tasks", "title TEXT NOT NULL", "title TEXT"),
        ["ALTER TABLE tasks ALTER COLUMN title DROP NOT NULL"],
        'Table "tasks": column "title" has the nullability NULL, and the code has NOT NULL.',
        id="nullability",
    ),
    pytest.param(
        ("tasks", "title TEXT NOT NULL", "title TEXT DEFAULT 7 NOT NULL"),
        ["ALTER TABLE tasks ALTER COLUMN version SET DEFAULT 7"],
        "has the default 7, and the code has none.",
        id="default",
    ),
    pytest.param(
        ("note_snapshots", "PRIMARY KEY (workspace_id, note_id)", "PRIMARY KEY (note_id, workspace_id)"),
        [
            "ALTER TABLE note_snapshots DROP CONSTRAINT pk_note_snapshots",
            "ALTER TABLE note_snapshots ADD CONSTRAINT pk_note_snapshots PRIMARY KEY (note_id, workspace_id)",
        ],
        "primary key has the columns (note_id, workspace_id), and the code has (workspace_id, note_id).",
        id="primary key",
    ),
    pytest.param(
        ("schedules", ", \n\tCONSTRAINT pk_schedules PRIMARY KEY (id)", ""),
        ["ALTER TABLE schedules DROP CONSTRAINT pk_schedules"],
        'Table "schedules": primary key has the columns (), and the code has (id).',
        id="primary key missing",
    ),
    pytest.param(
        ("tasks", "REFERENCES workspaces (id) ON DELETE CASCADE", "REFERENCES workspaces (id)"),
        [
            "ALTER TABLE tasks DROP CONSTRAINT fk_tasks_workspace_id_workspaces",
            f"ALTER TABLE tasks ADD CONSTRAINT {PARENT} FOREIGN KEY (workspace_id) REFERENCES workspaces (id)",
        ],
        'foreign key "fk_tasks_workspace_id_workspaces" has the action on delete NO ACTION, and the code has CASCADE.',
        id="foreign key differs",
    ),
    pytest.param(
        (
            "conversations",
            f", \n\tCONSTRAINT {AGENT} FOREIGN KEY(agent_id) REFERENCES agents (id) ON DELETE CASCADE",
            "",
        ),
        ["ALTER TABLE conversations DROP CONSTRAINT fk_conversations_agent_id_agents"],
        'Table "conversations": foreign key "fk_conversations_agent_id_agents" is missing.',
        id="foreign key missing",
    ),
    pytest.param(
        ("conversations", ", \n\tCONSTRAINT uq_conversations_id UNIQUE (id)", ""),
        ["ALTER TABLE conversations DROP CONSTRAINT uq_conversations_id"],
        'Table "conversations": unique constraint "uq_conversations_id" is missing.',
        id="unique constraint missing",
    ),
    pytest.param(
        ("tasks", "'high', 'urgent')", "'high')"),
        [
            "ALTER TABLE tasks DROP CONSTRAINT ck_tasks_priority",
            "ALTER TABLE tasks ADD CONSTRAINT ck_tasks_priority CHECK (priority IN ('low', 'medium', 'high'))",
        ],
        'Table "tasks": check constraint "ck_tasks_priority" has the condition ',
        id="check constraint differs",
    ),
    pytest.param(
        ("tasks", "CONSTRAINT ck_tasks_priority CHECK (priority IN ('low', 'medium', 'high', 'urgent')), \n\t", ""),
        ["ALTER TABLE tasks DROP CONSTRAINT ck_tasks_priority"],
        'Table "tasks": check constraint "ck_tasks_priority" is missing.',
        id="check constraint missing",
    ),
    pytest.param(
        ("tasks", "PRIMARY KEY (id)", "PRIMARY KEY (id), CONSTRAINT extra CHECK (version > 0)"),
        ["ALTER TABLE tasks ADD CONSTRAINT extra CHECK (version > 0)"],
        'Table "tasks": check constraint "extra" is not in the code.',
        id="check constraint extra",
    ),
]


@pytest.mark.parametrize(("rebuilt", "altered", "sentence"), DIFFERENCES)
async def test_what_differs(
    database: Database, rebuilt: tuple[str, str, str], altered: list[str], sentence: str
) -> None:
    if database.target.driver is Driver.POSTGRES:
        found = await change(database, *altered)
    else:
        found = await rebuild(database, *rebuilt)
    assert len(found) == 1
    assert sentence in found[0]


async def test_a_counter_that_is_gone_from_postgres(migrated_url: str) -> None:
    database = await Database.open(Target(Driver.POSTGRES, "Postgres", dsn=migrated_url))
    found = await change(database, "ALTER TABLE note_updates ALTER COLUMN id DROP IDENTITY")
    assert found == ['Table "note_updates": column "id" has the default none, and the code has identity.']
    await database.close()


async def test_a_type_that_only_one_database_has(migrated_url: str) -> None:
    database = await Database.open(Target(Driver.POSTGRES, "Postgres", dsn=migrated_url))
    found = await change(
        database,
        "ALTER TABLE tasks ALTER COLUMN created_at TYPE TIMESTAMP WITHOUT TIME ZONE",
        "ALTER TABLE tasks ALTER COLUMN labels TYPE JSON USING '[]'",
        "ALTER TABLE tasks ALTER COLUMN version TYPE BIGINT",
    )
    assert found == [
        f'Table "tasks": column "created_at" has the type {LOCAL}, and the code has TIMESTAMP WITH TIME ZONE.',
        'Table "tasks": column "labels" has the type JSON, and the code has JSONB.',
        'Table "tasks": column "version" has the type BIGINT, and the code has INTEGER.',
    ]
    await database.close()


async def test_what_postgres_has_and_the_code_does_not_know(migrated_url: str) -> None:
    database = await Database.open(Target(Driver.POSTGRES, "Postgres", dsn=migrated_url))
    found = await change(
        database,
        "ALTER TABLE tasks ADD COLUMN place POINT",
        "CREATE INDEX extra ON tasks (lower(scope))",
        "ALTER TABLE notes ALTER COLUMN title TYPE POINT USING NULL",
    )
    assert found == [
        'Table "notes": column "title" has the type an unknown type, and the code has TEXT.',
        'Table "tasks": column "place" is not in the code.',
        'Table "tasks": index "extra" is not in the code.',
    ]
    await database.close()


async def test_several_differences_are_all_named(database: Database) -> None:
    found = await change(
        database, "DROP TABLE schedules", "CREATE TABLE a (b INTEGER)", "DROP INDEX ix_tasks_workspace_id_status"
    )
    assert found == [
        'Table "a" is not in the code.',
        'Table "schedules" is missing.',
        'Table "tasks": index "ix_tasks_workspace_id_status" is missing.',
    ]
