"""Markdown tables."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table; columns in which no row has anything are left out."""
    lines = [list(row) for row in rows]
    used = [column for column in range(len(head)) if any(line[column] for line in lines)]

    def row(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cells[column].replace("|", "\\|") for column in used) + " |"

    return "\n".join([row(head), row(["---"] * len(head)), *map(row, lines)])
