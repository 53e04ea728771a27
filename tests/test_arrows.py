"""The design's arrows, read from the imports of every module, and the sizes that keep one noun in a file.

migrations -> stores.tables
server -> crdt, stores
"""

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("crdt", "stores", "server", "migrations")

# What a package may import of the project besides itself: a module's name, or a package's for all its modules.
MAY_IMPORT = {
    "crdt": set[str](),
    "stores": set[str](),
    "server": {"crdt", "stores"},
    "migrations": {"stores.tables"},
}

SOCKETS = {"http", "select", "selectors", "socket", "socketserver", "urllib.request", "uvicorn", "uvloop", "websockets"}
WAITING = {"anyio", "asyncio", "concurrent", "multiprocessing", "subprocess", "threading"}
CLOCKS = {"datetime", "time"}
FILES = {"io", "os", "pathlib", "shutil", "tempfile"}
SQL = {"aiosqlite", "alembic", "asyncpg", "sqlalchemy", "sqlite3"}

# What a package may never import from elsewhere.
BANNED = {
    "crdt": SOCKETS | WAITING | CLOCKS | FILES | SQL | {"starlette", "tests"},
    "stores": SOCKETS | {"pycrdt", "starlette", "tests"},
    "server": {"tests"},
    "migrations": {"tests"},
}

MODULE_LINES = 250
FUNCTION_LINES = 40


def modules(root: Path) -> dict[str, Path]:
    """Every module of the packages by its dotted name."""
    files = itertools.chain.from_iterable((root / package).rglob("*.py") for package in PACKAGES)
    return {dotted(file.relative_to(root)): file for file in files}


def dotted(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(name: str, file: Path) -> Iterator[str]:
    """Every dotted name that a module imports, also in functions and for types alone; `from a import b` gives `a.b`."""
    package = name.split(".") if file.stem == "__init__" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(file.read_text(), file.name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, *(node.module or "").split(".")] if node.module else base
            yield from (".".join([*base, alias.name]) for alias in node.names)


def within(name: str, allowed: set[str]) -> bool:
    return any(name == other or name.startswith(other + ".") for other in allowed)


def wrong_arrows(root: Path) -> list[str]:
    """One sentence for every import that the design does not have."""
    found = []
    for name, file in modules(root).items():
        package = name.split(".")[0]
        for target in imports(name, file):
            foreign = within(target, set(PACKAGES) - {package}) and not within(target, MAY_IMPORT[package])
            if foreign or within(target, BANNED[package]):
                found.append(f"{name} imports {target}")
    return found


def graph(root: Path) -> dict[str, set[str]]:
    """Which module imports which, within the packages."""
    known = modules(root)
    edges: dict[str, set[str]] = {}
    for name, file in known.items():
        targets = {target if target in known else target.rpartition(".")[0] for target in imports(name, file)}
        edges[name] = targets & set(known) - {name}
    return edges


def cycles(edges: dict[str, set[str]]) -> list[str]:
    """The modules that remain when those that import nothing of the rest are taken away again and again."""
    rest = {name: set(targets) for name, targets in edges.items()}
    while leaves := {name for name, targets in rest.items() if not targets}:
        rest = {name: targets - leaves for name, targets in rest.items() if name not in leaves}
    return sorted(rest)


def too_long(root: Path) -> list[str]:
    """One sentence for every module and function that is longer than the design allows."""
    found = []
    for name, file in modules(root).items():
        text = file.read_text()
        lines = len(text.splitlines())
        if (
            lines > MODULE_LINES and "versions" not in file.parts
        ):  # a revision is a record, of as many tables as it made
            found.append(f"{name} has {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    found.append(f"{name}.{node.name} has {length} lines")
    return found


def async_functions(root: Path, package: str) -> list[str]:
    waiting = ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await
    named = ((name, file) for name, file in modules(root).items() if name.split(".")[0] == package)
    return [
        name for name, file in named if any(isinstance(node, waiting) for node in ast.walk(ast.parse(file.read_text())))
    ]


def test_every_package_is_read() -> None:
    assert {name.split(".")[0] for name in modules(ROOT)} == set(PACKAGES)


def test_imports_follow_the_arrows() -> None:
    assert wrong_arrows(ROOT) == []


def test_no_import_cycle() -> None:
    assert cycles(graph(ROOT)) == []


def test_modules_and_functions_are_short() -> None:
    assert too_long(ROOT) == []


def test_crdt_waits_for_nothing() -> None:
    assert async_functions(ROOT, "crdt") == []


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("crdt/room.py", "import stores.engine", "crdt.room imports stores.engine"),
        ("crdt/room.py", "import asyncio", "crdt.room imports asyncio"),
        ("crdt/room.py", "from time import monotonic", "crdt.room imports time.monotonic"),
        ("stores/notelog.py", "from server import hub", "stores.notelog imports server.hub"),
        ("stores/notelog.py", "def late():\n    from crdt.room import Room", "stores.notelog imports crdt.room.Room"),
        ("stores/notelog.py", "import pycrdt", "stores.notelog imports pycrdt"),
        ("server/api/notes.py", "import migrations.env", "server.api.notes imports migrations.env"),
        ("server/app.py", "from tests import started", "server.app imports tests.started"),
        ("migrations/env.py", "from stores import engine", "migrations.env imports stores.engine"),
    ],
)
def test_a_wrong_arrow_is_found(tmp_path: Path, name: str, text: str, sentence: str) -> None:
    write(tmp_path, name, text)
    assert wrong_arrows(tmp_path) == [sentence]


def test_the_arrows_of_the_design_are_let_through(tmp_path: Path) -> None:
    write(tmp_path, "server/hub.py", "from crdt import room\nfrom stores.notelog import NoteLog\nfrom . import journal")
    write(
        tmp_path, "migrations/env.py", "from stores.tables import metadata\nfrom stores import tables\nimport alembic"
    )
    assert wrong_arrows(tmp_path) == []


def test_a_cycle_is_found(tmp_path: Path) -> None:
    write(tmp_path, "server/__init__.py", "")
    write(tmp_path, "server/a.py", "from .b import thing")
    write(tmp_path, "server/b.py", "def late():\n    import server.c")
    write(tmp_path, "server/c.py", "from server import a")
    write(tmp_path, "server/d.py", "from server.a import thing")
    write(tmp_path, "server/e.py", "")
    assert cycles(graph(tmp_path)) == ["server.a", "server.b", "server.c", "server.d"]


def test_a_long_function_and_a_long_module_are_found(tmp_path: Path) -> None:
    write(tmp_path, "crdt/long.py", "def many():\n" + "    pass\n" * FUNCTION_LINES + "\n" * MODULE_LINES)
    assert too_long(tmp_path) == ["crdt.long has 291 lines", "crdt.long.many has 41 lines"]


def test_a_waiting_core_is_found(tmp_path: Path) -> None:
    write(tmp_path, "crdt/room.py", "async def join(): ...")
    assert async_functions(tmp_path, "crdt") == ["crdt.room"]
