"""Programs that a test needs and that no Python package carries."""

import os
import shutil

import pytest


def program(name: str, package: str) -> str:
    """Give the path of a program; without it the test is skipped, saying how to add it, and fails in CI."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        reason = f"{name} is missing: run 'apt-get install {package}' as root"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
