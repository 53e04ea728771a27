from sqlalchemy.dialects import postgresql, sqlite

from stores.records.dependencies import all_completed
from stores.tables import tasks
from stores.target import Driver


def test_each_store_is_asked_in_its_own_words() -> None:
    """What they answer is shown where tasks and background tasks ask."""
    in_postgres = all_completed(Driver.POSTGRES, tasks, tasks.c.dependencies)
    in_sqlite = all_completed(Driver.SQLITE, tasks, tasks.c.dependencies)
    assert "jsonb_array_elements_text" in str(in_postgres.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert "json_each" in str(in_sqlite.compile(dialect=sqlite.dialect()))
