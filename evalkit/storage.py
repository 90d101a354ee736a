"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

_ASIDE = ".evalkit-"
_READABLE = 0o644
_NOT_FOR_THIS_DRIVE = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write aside in the same folder, then rename: never a half-written file.

    A file that already holds this content is left alone. A private one can be read by
    its owner only.

    Raises
    ------
    StudyError
        If it cannot be written; then what stood there before still does.
    """
    try:
        before = path.read_bytes() if path.is_file() else None
        if before == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = _written_aside(path, content)
        try:
            if not private:
                with suppress(OSError):  # some network drives know no permissions
                    aside.chmod(_READABLE)
            _rename(aside, path, before)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written: {error.strerror or error}.",
            hint="Free some space, or give the folder back its write permission, "
            "then run the same command again.",
        ) from error


def _written_aside(path: Path, content: bytes) -> Path:
    """Write to a neighbour that only its owner can read, and flush it to the disk."""
    handle, aside = tempfile.mkstemp(prefix=_ASIDE, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            _flush(file.fileno())
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
    return Path(aside)


def _rename(aside: Path, path: Path, before: bytes | None) -> None:
    """Give the final name; where that goes wrong half-way, put back what was there.

    On a local disk a rename happens or it does not. A network drive may copy instead.
    """
    try:
        aside.replace(path)
    except OSError:
        now = path.read_bytes() if path.is_file() else None
        if now != before:
            path.unlink(missing_ok=True)
            if before is not None:
                path.write_bytes(before)
        raise
    with suppress(OSError):  # it is there; a power cut might still undo the name
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _flush(handle: int) -> None:
    """Flush to the disk, on drives that can."""
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NOT_FOR_THIS_DRIVE:
            raise


def sweep(folder: Path) -> None:
    """Remove what a killed run left aside."""
    for leftover in _leftovers(folder):
        with suppress(OSError):
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
    except (OSError, NotImplementedError) as error:  # a drive without locks
        reason = getattr(error, "strerror", None) or error
        raise StudyError(
            f"{folder} cannot be used: {reason}.",
            hint="Name another folder in [output], or ask for write permission.",
        ) from error
