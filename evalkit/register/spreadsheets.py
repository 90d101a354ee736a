"""Excel workbooks (and those of LibreOffice), whose headers may stand on any row."""

from __future__ import annotations

import zipfile
import zlib
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from evalkit.register.cells import text_frame
from evalkit.register.excel_errors import error_cells
from evalkit.register.pieces import (
    FETCHED,
    HEADER_ROWS,
    Layout,
    Piece,
    UnreadableError,
    find_header,
    match_headers,
    unreadable,
)
from evalkit.register.problems import SHOWN_ROWS, Problem
from evalkit.register.unpacked_size import refuse_bomb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from evalkit.register.engine import DuckDB


def read_workbook(
    path: Path, name: str, layout: Layout, engine: DuckDB, *, month: int | None
) -> Piece:
    """Fetch a sheet's rows, all of them text."""
    sheet, rows, header = find_sheet(path, name, layout)
    headers = [str(cell) for cell in rows[header]]
    positions = match_headers(f"{name}, sheet {sheet!r}", headers, layout)
    try:
        failed = list(_failed(path, name, layout, positions, header + 1))
    except (ParseError, KeyError, zipfile.BadZipFile, zlib.error, EOFError):
        raise _no_workbook(name) from None
    if failed:
        raise UnreadableError(*failed)
    engine.upload(FETCHED, text_frame(rows[header + 1 :], len(headers)))
    return Piece(
        name=name,
        kind="Excel",
        relation=FETCHED,
        columns={column: f"c{position}" for column, position in positions.items()},
        first_row=header + 2,
        month=month,
        serial_dates=True,
    )


def find_sheet(
    path: Path, name: str, layout: Layout
) -> tuple[str, list[list[Any]], int]:
    """Return a sheet's name, its rows, and the index of the row of headers."""
    refuse_bomb(path, name)
    sheet, rows = _sheet(path, name, layout.sheet)
    if not rows:
        raise unreadable(f"{name}, sheet {sheet!r}", "the sheet is empty")
    return sheet, rows, find_header(rows[:HEADER_ROWS], layout)


def _failed(
    path: Path, name: str, layout: Layout, positions: Mapping[str, int], header: int
) -> Iterator[Problem]:
    """Yield the mapped columns in which formulas failed below the headers."""
    rows: dict[int, list[int]] = {}
    for row, column in error_cells(path, layout.sheet):
        if row > header:
            rows.setdefault(column, []).append(row)
    for mapped, position in positions.items():
        if position in rows:
            yield Problem(
                where=name,
                column=layout.columns[mapped],
                rule="an Excel error (#N/A, #REF! or the like) stands where a value "
                "belongs",
                remedy="Mend the formula, or empty the cell if nothing is known.",
                rows=tuple(rows[position][:SHOWN_ROWS]),
                count=len(rows[position]),
            )


def _sheet(path: Path, name: str, sheet: str | None) -> tuple[str, list[list[Any]]]:
    """Return a sheet's name and rows, blank ones too, so that rows keep their numbers.

    None is the first sheet.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(path) as workbook:
            names = workbook.sheet_names
            if not names:
                raise _no_workbook(name)
            if sheet is not None and sheet not in names:
                raise unreadable(
                    name,
                    f"there is no sheet {sheet!r}",
                    f"The sheets are: {', '.join(names)}. Mend [data] sheet.",
                )
            chosen = workbook.get_sheet_by_name(sheet or names[0])
            return chosen.name, chosen.to_python(skip_empty_area=False)
    except (CalamineError, OSError):
        raise _no_workbook(name) from None


def _no_workbook(name: str) -> UnreadableError:
    return unreadable(
        name,
        "the file is no workbook that can be read",
        "Open it in Excel and save it again as .xlsx, without a password.",
    )
