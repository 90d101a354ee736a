"""Cells of a workbook in which a formula failed: ``#N/A``, ``#REF!`` and the like.

What reads the sheet's values gives such a cell as an empty one, and a person without an
age or without an end of unemployment would go unnoticed. The sheet itself marks them:
``t="e"``. Only workbooks in Excel's XML format (.xlsx, .xlsm) can be looked into.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 1 << 20
_ERROR_CELL = re.compile(rb'<(?:\w+:)?c\s[^<>]*\bt="e"[^<>]*>')
_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
_LETTERS = 26
_BOOK = "xl/workbook.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"


def error_cells(path: Path, sheet: str | None) -> Iterator[tuple[int, int]]:
    """Yield the row (from 1) and the column (from 0) of each error cell of a sheet.

    Without a name it is the first one.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        member = _member(archive, sheet)
        if member is None:
            return
        with archive.open(member) as content:
            rest = b""
            while chunk := content.read(_CHUNK):
                text = rest + chunk
                whole, _, rest = text.rpartition(b"<")
                rest = b"<" + rest
                for cell in _ERROR_CELL.findall(whole):
                    if place := _REFERENCE.search(cell):
                        yield int(place[2]), column_number(place[1].decode())


def column_number(letters: str) -> int:
    """Return the position of a column by its letters.

    Examples
    --------
    >>> [column_number(letters) for letters in ("A", "Z", "AA")]
    [0, 25, 26]
    """
    number = 0
    for letter in letters:
        number = _LETTERS * number + ord(letter) - ord("A") + 1
    return number - 1


def _member(archive: zipfile.ZipFile, sheet: str | None) -> str | None:
    """Return the name under which the archive holds a sheet, if it is Excel's XML."""
    if not {_BOOK, _RELATIONS} <= set(archive.namelist()):
        return None
    sheets = [one for one in _elements(archive, _BOOK) if one.tag.endswith("}sheet")]
    if sheet is not None:
        sheets = [one for one in sheets if one.get("name") == sheet]
    keys = {
        value
        for one in sheets[:1]
        for name, value in one.items()
        if name.endswith("}id")
    }
    targets = [
        one.get("Target", "")
        for one in _elements(archive, _RELATIONS)
        if one.get("Id") in keys
    ]
    names = {posixpath.normpath(posixpath.join("/xl", target)) for target in targets}
    known = (name for name in archive.namelist() if f"/{name}" in names)
    return next(known, None)


def _elements(archive: zipfile.ZipFile, member: str) -> list[ET.Element]:
    return list(ET.fromstring(archive.read(member)).iter())  # noqa: S314  (no sheet)
