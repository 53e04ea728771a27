"""docs/reliability.md and the tests that it names say the same."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reliability.md").read_text()
ROWS = {
    int(number): re.findall(r"`(tests/[^` ]+\.py)`", shown)
    for number, shown in re.findall(r"^\| (\d+) \|.*\|([^|]*)\|$", PAGE, re.MULTILINE)
}


def rows_of(file: str) -> set[int]:
    """The rows that a test file says it shows, in the first line of its docstring: ``Rows 1 to 3, 7 and 9: …``."""
    first = (ast.get_docstring(ast.parse((ROOT / file).read_text())) or "").partition("\n")[0]
    named = re.match(r"Rows? ([\d, ]|to|and)+", first)
    found: set[int] = set()
    for start, end in re.findall(r"(\d+)(?: to (\d+))?", named[0] if named else ""):
        found.update(range(int(start), int(end or start) + 1))
    return found


def test_every_row_of_the_table_is_there_once() -> None:
    assert re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE) == [str(number) for number in range(1, 33)]
    assert all(ROWS.values())


@pytest.mark.parametrize("number", range(1, 33))
def test_every_test_that_a_row_names_is_there_and_says_so(number: int) -> None:
    for file in ROWS[number]:
        assert (ROOT / file).is_file(), file
        assert number in rows_of(file), f"{file} does not begin with 'Row {number}: …'"


def test_every_command_of_the_page_is_there() -> None:
    for command in ("tests/faults/soak", "scripts/test"):
        assert command in PAGE
        assert (ROOT / command).stat().st_mode & 0o111


def test_every_file_that_names_a_row_is_on_the_page() -> None:
    files = [str(file.relative_to(ROOT)) for file in (ROOT / "tests/faults").glob("test_*.py")]
    missing = {file: rows - {row for row in rows if file in ROWS[row]} for file in files if (rows := rows_of(file))}
    assert {file: rows for file, rows in missing.items() if rows and file != "tests/faults/test_soak.py"} == {}


def test_readme_leads_to_the_page() -> None:
    assert "(docs/reliability.md)" in (ROOT / "README.md").read_text()
