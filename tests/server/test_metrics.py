from pathlib import Path

import pytest

from server import metrics
from server.metrics import resident_bytes


def test_the_memory_of_this_process_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mebibyte = 1024 * 1024
    assert 10 * mebibyte < resident_bytes() < 10_000 * mebibyte
    monkeypatch.setattr(metrics, "_STATM", tmp_path / "none")
    assert 10 * mebibyte < resident_bytes() < 10_000 * mebibyte
