import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.config import BadSettings
from server.hookloader import load_hooks
from server.hooks import Hooks

MODULE = """
from server.hooks import Hooks, Refused


class First(Hooks):
    pass


class Second(First):
    pass


made = Second()
number = 7


class Broken(Exception):
    pass
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, whose modules are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    (tmp_path / "door.py").write_text(MODULE)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def names(hooks: list[Hooks]) -> list[str]:
    return [type(hook).__name__ for hook in hooks]


def test_nothing_is_loaded_unless_something_is_named() -> None:
    assert load_hooks([]) == []


def test_a_module_stands_for_its_own_hooks_in_their_order(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert names(load_hooks(["door"])) == ["First", "Second"]
    assert "Hooks: door.First" in caplog.text


def test_one_class_or_one_object_can_be_named() -> None:
    assert names(load_hooks(["door:Second", "door:First"])) == ["Second", "First"]
    (made,) = load_hooks(["door:made"])
    assert made is sys.modules["door"].made


def test_a_package_is_found_in_the_current_folder(folder: Path) -> None:
    (folder / "house").mkdir()
    (folder / "house/__init__.py").touch()
    (folder / "house/door.py").write_text(MODULE)
    assert names(load_hooks(["house.door:First"])) == ["First"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("window", "The hooks window, which ROUTA_HOOKS names, cannot be loaded (ModuleNotFoundError: "),
        ("door:Third", "The hooks door:Third, which ROUTA_HOOKS names, cannot be loaded (AttributeError: "),
        ("door:number", "door:number, which ROUTA_HOOKS names, has no subclass of server.hooks.Hooks."),
        ("door:Broken", "door:Broken, which ROUTA_HOOKS names, has no subclass of server.hooks.Hooks."),
        ("a b", "The hooks a b, which ROUTA_HOOKS names, cannot be loaded ("),
        ("failing", "The hooks failing, which ROUTA_HOOKS names, cannot be loaded (ZeroDivisionError: "),
        ("needy", "The hooks needy, which ROUTA_HOOKS names, cannot be loaded (TypeError: "),
    ],
)
def test_what_cannot_be_loaded_is_one_sentence(folder: Path, name: str, sentence: str) -> None:
    (folder / "failing.py").write_text("1 / 0")
    (folder / "needy.py").write_text(
        "from server.hooks import Hooks\nclass Needy(Hooks):\n    def __init__(self, what): ..."
    )
    with pytest.raises(BadSettings) as error:
        load_hooks([name])
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_installed_packages_come_first_by_their_entry_points(folder: Path) -> None:
    packaged(folder, "zebra = door:Second\nant = door:made")
    assert names(load_hooks(["door:First"])) == ["Second", "Second", "First"]


def test_an_entry_point_that_cannot_be_loaded_is_named(folder: Path) -> None:
    packaged(folder, "bee = nowhere:Bee")
    with pytest.raises(BadSettings, match=r"which the entry point bee of routa_notes\.hooks names, cannot be loaded"):
        load_hooks([])


def packaged(folder: Path, points: str) -> None:
    """Install a package, as far as the import system can tell."""
    information = folder / "site" / "packaged-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: packaged\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[routa_notes.hooks]\n{points}\n")
    sys.path[:0] = [str(folder / "site"), str(folder)]
