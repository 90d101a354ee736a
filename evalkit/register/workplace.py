"""The temporary folder of an engine: private, and gone when its process is.

A folder is held by a lock for as long as its process lives. A process that was killed
lets go of the lock but leaves the folder; the next engine finds it and removes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from evalkit.errors import StudyError

if TYPE_CHECKING:
    from filelock import BaseFileLock

_PREFIX, _HELD = "evalkit-", "held"
_TRIES = 5


class Workplace:
    """A temporary folder of this process.

    Attributes
    ----------
    folder
        Its path.
    """

    def __init__(self) -> None:
        sweep_workplaces()
        self.folder, self._lock = _made()

    def remove(self) -> None:
        """Remove the folder, and let go of it."""
        _remove(self.folder, self._lock)


def sweep_workplaces() -> None:
    """Remove the folders of processes that are gone; never a living one's."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        # Held by a living process, or swept by another one at this very moment.
        with suppress(Timeout, OSError, NotImplementedError):
            if (folder / _HELD).is_file() and _is_ours(folder):
                lock = _lock_of(folder)
                lock.acquire(timeout=0)
                _remove(folder, lock)


def _made() -> tuple[Path, BaseFileLock]:
    """Make a folder and hold it.

    Another process may sweep it between the two: then there is another one.
    """
    for _ in range(_TRIES):
        try:
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
            lock = _lock_of(folder)
            lock.acquire(timeout=0)
        except Timeout:
            continue
        except (OSError, NotImplementedError) as error:
            raise _unusable(getattr(error, "strerror", None) or str(error)) from error
        if (folder / _HELD).exists():
            return folder, lock
    raise _unusable("something removes what is made in it")


def _lock_of(folder: Path) -> BaseFileLock:
    return FileLock(folder / _HELD, thread_local=False)


def _remove(folder: Path, lock: BaseFileLock) -> None:
    """Remove a folder under its lock; Windows removes no file that is open."""
    if os.name == "nt":
        lock.release(force=True)
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        lock.release(force=True)


def _is_ours(folder: Path) -> bool:
    """Tell whether this user made a folder, and no link leads elsewhere."""
    if folder.is_symlink():
        return False
    return not hasattr(os, "getuid") or folder.stat().st_uid == os.getuid()


def _unusable(why: str) -> StudyError:
    return StudyError(
        f"The temporary folder {tempfile.gettempdir()} cannot be used: {why}.",
        hint="Free some space there, or let TMPDIR (Windows: TEMP) name another.",
    )
