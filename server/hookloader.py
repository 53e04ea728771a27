"""Finds the hooks: those of installed packages, and those that a setting names."""

import logging
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from operator import attrgetter
from pathlib import Path
from types import ModuleType

from server.config import BadSettings
from server.hooks import Hooks

logger = logging.getLogger("routa")

GROUP = "routa_notes.hooks"
"""The group of entry points under which packages register their hooks."""


def load_hooks(names: Sequence[str]) -> list[Hooks]:
    """Make the hooks: those of the entry points, by name, and then those that are named here, in this order.

    Args:
        names: each ``package.module``, for all classes that are made there, or ``package.module:object``, for a class
            or an object alone. Modules in the current folder are found, too.

    Raises:
        BadSettings: one cannot be had, in one sentence.
    """
    if names and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    points = sorted(entry_points(group=GROUP), key=attrgetter("name"))
    named = [EntryPoint(name, name, GROUP) for name in names]
    hooks = [hook for point in points for hook in _made(point, f"the entry point {point.name} of {GROUP}")]
    hooks += [hook for point in named for hook in _made(point, "ROUTA_HOOKS")]
    for hook in hooks:
        logger.info("Hooks: %s.%s", type(hook).__module__, type(hook).__qualname__)
    return hooks


def _made(point: EntryPoint, where: str) -> list[Hooks]:
    try:
        hooks = list(_hooks_of(_target(point)))
    except Exception as error:
        logger.debug("The hooks %s cannot be had", point.value, exc_info=True)
        why = f"{type(error).__name__}: {error}".splitlines()[0]
        raise BadSettings(f"The hooks {point.value}, which {where} names, cannot be loaded ({why}).") from None
    if not hooks:
        raise BadSettings(f"{point.value}, which {where} names, has no subclass of server.hooks.Hooks.")
    return hooks


def _target(point: EntryPoint) -> object:
    if ":" not in point.value:
        return import_module(point.value)
    return point.load()


def _hooks_of(found: object) -> Iterator[Hooks]:
    """Give the hooks of a module, a class or an object."""
    if isinstance(found, Hooks):
        yield found
    elif isinstance(found, type) and issubclass(found, Hooks):
        yield found()
    elif isinstance(found, ModuleType):
        for value in vars(found).values():
            if isinstance(value, type) and issubclass(value, Hooks) and value.__module__ == found.__name__:
                yield value()
