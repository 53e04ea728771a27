import asyncio
import sqlite3
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import InvalidRequestError

from stores.engine import Database
from stores.errors import Conflict, Misconfigured, NotFound, SchemaMismatch, StoreError, Unavailable, translated
from stores.tables import workspaces
from stores.target import Target, choose


def postgres_target(url: str, **settings: float) -> Target:
    return choose(database_url=url, driver=None, path=None, data_dir=None, **settings)  # type: ignore[arg-type]


def file_target(path: Path) -> Target:
    return choose(database_url=None, driver="sqlite", path=path, data_dir=None, busy_timeout=0.05)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(file_target(tmp_path / "notes.db"))
    yield database
    await database.close()


@pytest.fixture
async def server(migrated_url: str) -> AsyncIterator[Database]:
    database = await Database.open(postgres_target(migrated_url))
    yield database
    await database.close()


async def run(database: Database, *statements: str) -> None:
    async with database.write() as connection:
        for statement in statements:
            await connection.execute(text(statement))


@pytest.mark.parametrize("kind", [StoreError, NotFound, Conflict, Unavailable, SchemaMismatch, Misconfigured])
def test_every_error_has_a_sentence_of_its_own_and_takes_another(kind: type[StoreError]) -> None:
    assert str(kind()).endswith(".")
    assert "\n" not in str(kind())
    assert str(kind("The cat sat on it.")) == "The cat sat on it."
    assert issubclass(kind, StoreError)


async def test_an_unknown_table_is_a_refused_statement(database: Database) -> None:
    with pytest.raises(StoreError, match=r"refused a statement: .*nowhere") as error:
        await run(database, "SELECT * FROM nowhere")
    assert type(error.value) is StoreError
    assert database.target.label in str(error.value)


async def test_a_second_row_with_the_same_key_is_a_conflict(database: Database) -> None:
    statement = "INSERT INTO schema_history VALUES ('x', 'y', '2026-01-01')"
    await run(database, statement)
    with pytest.raises(Conflict, match=r"refused a row: .*(unique|UNIQUE)"):
        await run(database, statement)


async def test_a_row_that_belongs_to_nothing_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await run(database, "INSERT INTO note_updates (workspace_id, note_id, payload) VALUES ('w', 'n', '')")


async def test_values_never_stand_in_an_error(database: Database) -> None:
    with pytest.raises(StoreError) as error:
        async with database.write() as connection:
            await connection.execute(insert(workspaces).values(id="w", title="my secret diary", created_at=None))
    assert "diary" not in str(error.value)
    assert "diary" not in str(error.value.__cause__)


async def test_other_errors_pass_as_they_are(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.write():
            _ = 1 / 0


async def test_store_errors_pass_as_they_are(database: Database) -> None:
    with pytest.raises(Conflict, match="mine"):
        async with database.write():
            raise Conflict("mine")


def test_misuse_of_sqlalchemy_is_no_fault_of_the_database() -> None:
    with pytest.raises(StoreError) as error, translated("x"):
        raise InvalidRequestError("no")
    assert type(error.value) is StoreError


@pytest.mark.parametrize("fault", [ConnectionResetError("reset by peer"), ssl.SSLError("bad"), TimeoutError()])
def test_a_broken_socket_means_unavailable(fault: OSError) -> None:
    with pytest.raises(Unavailable, match=r"x cannot be used \(.+\); look whether it runs"), translated("x"):
        raise fault


async def test_locked_by_somebody_else(file: Database) -> None:
    other = sqlite3.connect(file.target.path or "")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match=r"notes.db cannot be used \(database is locked\); another process"):
        await run(file, "SELECT 1")
    other.close()
    await run(file, "SELECT 1")


async def test_disk_full(file: Database) -> None:
    await run(file, "CREATE TABLE t (a BLOB)")
    async with file.write() as connection:
        await connection.execute(text("PRAGMA max_page_count = 8"))
    with pytest.raises(Unavailable, match=r"\(database or disk is full\); make room on the disk"):
        await run(file, "INSERT INTO t VALUES (zeroblob(100000))")
    async with file.write() as connection:
        await connection.execute(text("PRAGMA max_page_count = 1000000"))
    await run(file, "INSERT INTO t VALUES (zeroblob(100000))")


async def test_a_file_that_may_only_be_read(file: Database) -> None:
    async with file.read() as connection:
        await connection.execute(text("PRAGMA query_only = 1"))
    with pytest.raises(Unavailable, match="write to the file"):
        async with file.read() as connection:
            await connection.execute(text("CREATE TABLE t (a)"))


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(Unavailable, match=r"letter.txt cannot be used .*; name another file"):
        await Database.open(file_target(path))


async def test_a_damaged_file(file: Database, tmp_path: Path) -> None:
    await run(file, "CREATE TABLE t (a BLOB)", "INSERT INTO t VALUES (zeroblob(100000))")
    await file.close()
    path = tmp_path / "notes.db"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    database = await Database.open(file_target(path))
    with pytest.raises(Unavailable, match="put a backup in its place"):
        await run(database, "SELECT * FROM t")
    await database.close()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("SELECT pg_terminate_backend(pg_backend_pid())", "look whether it runs"),
        ("SELECT 1 / 0", "refused a statement: division by zero"),
        ("SET TRANSACTION READ ONLY; DELETE FROM notes", "refused a statement"),
        ("DO $$ BEGIN RAISE deadlock_detected; END $$", "try again"),
        ("DO $$ BEGIN RAISE disk_full; END $$", "give it more room"),
        ("DO $$ BEGIN RAISE feature_not_supported; END $$", "the schema has just changed"),
        ("DO $$ BEGIN RAISE insufficient_privilege; END $$", "grant these rights"),
        ("DO $$ BEGIN RAISE invalid_sql_statement_name; END $$", "add pgbouncer=true"),
        ("DO $$ BEGIN RAISE read_only_sql_transaction; END $$", "name the primary"),
    ],
)
async def test_what_postgres_says_becomes_what_to_do(server: Database, statement: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as error:
        await run(server, statement)
    assert (type(error.value) is Unavailable) is ("refused" not in sentence)


async def test_writing_in_a_read_of_postgres(server: Database) -> None:
    with pytest.raises(Unavailable, match="read-only transaction"):
        async with server.read() as connection:
            await connection.execute(text("DELETE FROM notes"))


async def test_a_value_of_the_wrong_kind_is_refused(server: Database) -> None:
    with pytest.raises(StoreError, match="refused a statement") as error:
        async with server.write() as connection:
            await connection.exec_driver_sql("SELECT $1::int", ("one",))
    assert type(error.value) is StoreError


async def test_a_database_that_is_not_there(migrated_url: str) -> None:
    target = postgres_target(migrated_url.replace("/test_", "/missing_"))
    with pytest.raises(Unavailable, match=r'database "missing_.*" does not exist.*; create that database'):
        await Database.open(target)


async def test_a_user_who_may_not_log_in(migrated_url: str) -> None:
    link = await asyncpg.connect(migrated_url)
    await link.execute("CREATE ROLE guest NOLOGIN")
    target = postgres_target(migrated_url.replace("postgres@", "guest:hunter2@"))
    with pytest.raises(Unavailable, match="; check the user and the password in DATABASE_URL") as error:
        await Database.open(target)
    assert "hunter2" not in str(error.value)
    assert "guest:***@" in str(error.value)
    await link.execute("DROP ROLE guest")
    await link.close()


async def test_nobody_listens(unused_tcp_port: int) -> None:
    target = postgres_target(f"postgres://u:hunter2@127.0.0.1:{unused_tcp_port}/n")
    with pytest.raises(Unavailable, match="; look whether it runs and can be reached") as error:
        await Database.open(target)
    assert "hunter2" not in str(error.value)


async def test_a_certificate_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Misconfigured, match=r"root.crt.* does not exist.*; correct DATABASE_URL"):
        await Database.open(postgres_target("postgres://127.0.0.1/n?sslmode=verify-full"))


async def test_no_connection_is_free(migrated_url: str) -> None:
    database = await Database.open(postgres_target(migrated_url, pool_size=1, busy_timeout=0.05))
    async with database.read():
        with pytest.raises(Unavailable, match="cannot be used"):
            async with asyncio.timeout(5), database.read():
                pass
    await database.close()
