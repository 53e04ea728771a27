"""Tasks that wait for other tasks."""

from sqlalchemy import Column, ColumnElement, Table, and_, exists, func

from stores.target import Driver


def all_completed(driver: Driver, table: Table, column: Column[list[str]]) -> ColumnElement[bool]:
    """Say that every task a row names in a JSON list is there, in the row's own workspace, and COMPLETED."""
    each = func.jsonb_array_elements_text if driver is Driver.POSTGRES else func.json_each
    wanted = each(column).table_valued("value", name="wanted")
    other = table.alias("other")
    same = and_(other.c.id == wanted.c.value, other.c.workspace_id == table.c.workspace_id)
    completed = exists().where(same, other.c.status == "COMPLETED").correlate(table, wanted)
    return ~exists().select_from(wanted).where(~completed)
