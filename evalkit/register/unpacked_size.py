"""Workbooks that are small as files and absurd as tables, refused before they are read.

A workbook is a zip archive. What its directory says of sizes may be a lie, so that
every part is unpacked and counted, and nothing is kept. A sheet whose last cell lies
far out is as large as all the cells before it, whether they are there or not.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple

from evalkit.register.pieces import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_UNPACKED = 4 << 30
_MOST_RATIO = 200
_SMALL = 256 << 20
_MOST_CELLS = 100_000_000
_CHUNK = 1 << 20
_OVERLAP = 64
_LETTERS = 26
_PLACE = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{0,3})([0-9]{1,7})""")
_HIDDEN = re.compile(rb"""\br\s*=\s*["'][^"'>]{0,20}&""")


class _Extent(NamedTuple):
    """The last row and column that a part of a sheet names."""

    rows: int = 1
    columns: int = 1

    def over(self, text: bytes) -> _Extent:
        """Return the extent with a further part of the text."""
        rows, columns = self
        for letters, digits in set(_PLACE.findall(text)):
            rows = max(rows, int(digits))
            columns = max(columns, _column(letters))
        return _Extent(rows, columns)


def refuse_bomb(path: Path, name: str) -> None:
    """Refuse a workbook that would unpack into an absurd size.

    Raises
    ------
    UnreadableError
        If it would, or is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
    most = min(_MOST_UNPACKED, max(_SMALL, _MOST_RATIO * path.stat().st_size))
    try:
        with zipfile.ZipFile(path) as archive:
            left = most
            for member in archive.infolist():
                left -= _counted(archive, member, left, name)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
    ):
        raise unreadable(
            name,
            "the file is no workbook that can be read",
            "Open it in Excel and save it again as .xlsx, without a password.",
        ) from None


def _counted(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, name: str
) -> int:
    """Return the true size of a part; refuse the workbook if that is too much."""
    may_be_sheet = member.filename.lower().endswith(".xml")
    size, extent, end = 0, _Extent(), b""
    for chunk in _unpacked(archive, member, most):
        size += len(chunk)
        if may_be_sheet:
            text = end + chunk
            extent, end = extent.over(text), text[-_OVERLAP:]
            if _HIDDEN.search(text):
                raise unreadable(name, "a sheet hides where its cells are")
        if size > most or extent.rows * extent.columns > _MOST_CELLS:
            raise unreadable(name, "the file would unpack to an absurd size")
    return size


def _unpacked(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int
) -> Iterator[bytes]:
    """Yield a part's content to its end, whatever size the directory gives it."""
    told = member.file_size
    # Too much is to be noticed before the end, where the check sum is compared.
    member.file_size = max(told, most + 2 * _CHUNK)
    try:
        with archive.open(member) as part:
            while chunk := part.read(_CHUNK):
                yield chunk
    finally:
        member.file_size = told


def _column(letters: bytes) -> int:
    """Return the number of a column: 1 of ``A``, 27 of ``AA``."""
    number = 0
    for letter in letters.upper():
        number = _LETTERS * number + letter - ord("A") + 1
    return number
