"""How a plan names files that are there: relative to itself, and next month's too."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.study.months import month_in_file_name, month_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def location_of(
    place: Path, files: Sequence[Path], others: Sequence[Path], folder: Path
) -> str | list[str]:
    """Return what a plan in `folder` calls the snapshots at a place.

    A pattern if the files' names carry their months, so that the next month's file is
    read as well; never one that fits any of the `others`.
    """
    if not place.exists():  # it is a pattern
        return relative(place, folder)
    for pattern in _patterns(place, files[0]):
        if _fits(pattern, files, others):
            return relative(Path(pattern), folder)
    if place.is_file() or not _resolved(others) & _resolved(place.iterdir()):
        return relative(place, folder)
    return [relative(file, folder) for file in files]


def relative(path: Path, folder: Path) -> str:
    """Return a path as a plan in `folder` writes it."""
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # on another drive
        return path.resolve().as_posix()


def _patterns(place: Path, file: Path) -> Iterator[str]:
    """Yield patterns that may fit the files, the plainest first."""
    parent, name = file.parent, glob.escape(file.name)
    if place.is_dir() and parent != place:  # folders named key=value
        return
    names = []
    if month_in_file_name(file.name):
        names = [month_pattern(name, star) for star in ("*", "[12]*")]
    if place.is_dir():
        packed = file.suffix.lower() == ".gz"
        names.append("*" + "".join(file.suffixes[-2 if packed else -1 :]))
    for pattern in names:
        yield str(Path(glob.escape(str(parent))) / pattern)


def _fits(pattern: str, files: Sequence[Path], others: Sequence[Path]) -> bool:
    """Tell whether a pattern fits the files, and else only files with a month."""
    found = [Path(name) for name in glob.glob(pattern)]  # noqa: PTH207
    more = _resolved(found) - _resolved(files)
    return (
        _resolved(files) <= _resolved(found)
        and not more & _resolved(others)
        and all(month_in_file_name(file.name) for file in more)
    )


def _resolved(paths: Iterable[Path]) -> set[Path]:
    return {path.resolve() for path in paths}
