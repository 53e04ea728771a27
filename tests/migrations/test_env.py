from importlib.resources import files

from alembic.script import ScriptDirectory


def test_the_history_is_one_line_and_every_revision_can_be_undone() -> None:
    script = ScriptDirectory(str(files("migrations")))
    revisions = list(script.walk_revisions())
    assert script.get_bases() == ["0001"]
    assert len(script.get_heads()) == 1
    for revision in revisions:
        assert revision.path.rpartition("/")[2].startswith(revision.revision + "_")
        assert revision.doc
        assert callable(revision.module.downgrade)


def test_folders_are_packages_so_that_a_wheel_carries_them() -> None:
    root = files("migrations")
    assert (root / "__init__.py").is_file()
    assert (root / "env.py").is_file()
    assert (root / "versions" / "__init__.py").is_file()
