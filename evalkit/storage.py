"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_ASIDE = ".evalkit-"
_PUBLIC, _PRIVATE = 0o644, 0o600


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write aside in the same folder, then rename: never a half-written file.

    A file that already holds this content is left alone. A private one can be read by
    its owner only.
    """
    try:
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_aside(path, content, _PRIVATE if private else _PUBLIC)
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written: {error.strerror or error}.",
            hint="Free some space, or give the folder back its write permission, "
            "then run the same command again.",
        ) from error


def _write_aside(path: Path, content: bytes, mode: int) -> None:
    """Write to a neighbour, flush it to the disk and give it the final name."""
    handle, aside = tempfile.mkstemp(prefix=_ASIDE, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).chmod(mode)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Remove what a killed run left aside."""
    for leftover in _leftovers(folder):
        leftover.unlink(missing_ok=True)


def _leftovers(folder: Path) -> Iterator[Path]:
    return folder.rglob(f"{_ASIDE}*")


def only_run(folder: Path) -> AbstractContextManager[object]:
    """Hold the folder for one run; a second run is told so and leaves.

    Raises
    ------
    StudyError
        If another run holds the folder, or it cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / ".lock").acquire(timeout=0)
    except Timeout as error:
        raise StudyError(
            f"Another run is working in {folder}.",
            hint="Wait until it has ended, then run the same command again.",
        ) from error
    except OSError as error:
        raise StudyError(
            f"{folder} cannot be used: {error.strerror or error}.",
            hint="Name another folder in [output], or ask for write permission.",
        ) from error
