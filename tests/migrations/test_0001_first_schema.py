import pytest
from sqlalchemy import CheckConstraint, Connection, inspect, text

from stores.drift import drift
from stores.engine import Database
from stores.schema import downgrade, upgrade
from stores.tables import metadata
from stores.target import Driver, Target


async def test_it_makes_exactly_the_tables_of_the_code(target: Target) -> None:
    database = await Database.open(target)
    await upgrade(database)
    assert await drift(database) == []
    await database.close()


async def test_it_can_be_undone_to_the_last_sequence(database: Database) -> None:
    await downgrade(database)
    postgres = "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'"
    sqlite = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
    async with database.read() as connection:
        left = await connection.scalars(text(postgres if database.target.driver is Driver.POSTGRES else sqlite))
        assert {name for name in left if not name.startswith("alembic_version")} == set()


def check_names(connection: Connection) -> None:
    inspector = inspect(connection)
    for table in metadata.tables.values():
        wanted = {constraint.name for constraint in table.constraints if isinstance(constraint, CheckConstraint)}
        assert {check["name"] for check in inspector.get_check_constraints(table.name)} == wanted
        if not table.kwargs.get("sqlite_autoincrement"):  # which has no place for a name
            assert inspector.get_pk_constraint(table.name)["name"] == f"pk_{table.name}"


async def test_every_constraint_has_the_name_that_the_convention_gives(database: Database) -> None:
    async with database.read() as connection:
        await connection.run_sync(check_names)


@pytest.mark.parametrize("name", ["note_updates", "conversations"])
async def test_sqlite_never_gives_an_id_of_a_log_twice(name: str) -> None:
    database = await Database.open(Target(Driver.MEMORY, "memory"))
    await upgrade(database)
    async with database.read() as connection:
        made = await connection.scalar(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name})
        assert "PRIMARY KEY AUTOINCREMENT" in made
    await database.close()
