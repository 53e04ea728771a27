"""The project's folder as a clone would have it."""

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def files() -> list[Path]:
    """Every file that is tracked, or would be by `git add --all`, relative to the project's folder."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(Path(name) for name in listing.stdout.split("\0") if name and (ROOT / name).is_file())


def copy_to(folder: Path) -> Path:
    """Copies those files, and nothing else, to `folder` and returns it."""
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder
