"""Where the house stands, and what git knows of it."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder that holds the project."""
    return Path(__file__).parents[2]


@pytest.fixture(scope="session")
def pyproject(root) -> dict:
    """The project's settings."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def tracked(root) -> list[Path]:
    """Every file that git knows of, or would take in at the next commit."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True)  # noqa: S603
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    names = listed.stdout.decode().split("\0")
    return [path for name in names if name and (path := root / name).is_file()]
