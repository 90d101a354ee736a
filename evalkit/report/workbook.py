"""The workbook: the tables of a document for Excel, each on a sheet of its own."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evalkit.report.document import DECIMALS, Facts, Mark, Text
from evalkit.report.language.catalogue import MASKED, MISSING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from evalkit.report.document import Cell, Column, Document, Kind, Table
    from evalkit.report.language.catalogue import Language

_CREATED = datetime(1980, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # always the same
_LONGEST_NAME = 31
_LONGEST_TEXT = 32_767
_NARROW, _WIDE, _PARAGRAPH = 12, 44, 100
_HUNDREDTHS = {"points", "interval"}


def workbook(document: Document) -> bytes:
    """Return a document as an Excel workbook.

    Parameters
    ----------
    document
        The report.

    Returns
    -------
    bytes
        First a sheet with the texts, then one for each table. Numbers are numbers with
        formats, which Excel writes as the reader's computer does; points are in
        percentage points; an interval has two columns. A text is never a formula, and
        the file says nothing of who made it or when: the same document, the same bytes.

    Examples
    --------
    >>> from evalkit.report.document import Chapter, Document, Text
    >>> from evalkit.report.language.catalogue import read_language
    >>> chapter = Chapter(name="one", title="One", blocks=(Text("=1+1"),))
    >>> document = Document(
    ...     title="A study",
    ...     subtitle="2021",
    ...     language=read_language("en"),
    ...     chapters=(chapter,),
    ... )
    >>> workbook(document)[:2]
    b'PK'
    """
    import xlsxwriter

    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"title": document.title, "created": _CREATED})
        formats = _Formats.of(book)
        _write_texts(book, document, formats)
        names: set[str] = set()
        for table in document.tables:
            name = _sheet_name(table.name, names)
            _write_table(book.add_worksheet(name), table, document, formats)
    return file.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Formats:
    """Formats of cells by what they hold."""

    head: Any
    heading: Any
    warning: Any
    text: Any
    mark: Any
    numbers: dict[Kind, Any]

    @classmethod
    def of(cls, book: Workbook) -> _Formats:
        wrapped = {"text_wrap": True, "valign": "top"}
        return cls(
            head=book.add_format({"bold": True, "bottom": 2, **wrapped}),
            heading=book.add_format({"bold": True, "font_size": 13}),
            warning=book.add_format({"bold": True, "font_color": "#8C1C13"}),
            text=book.add_format(wrapped),
            mark=book.add_format({"align": "right"}),
            numbers={
                kind: book.add_format({"num_format": _number_format(kind)})
                for kind in DECIMALS
            },
        )


def _number_format(kind: Kind) -> str:
    digits = "0" * DECIMALS[kind]
    whole = "#,##0" if kind == "count" else "0"
    number = f"{whole}.{digits}" if digits else whole
    if kind == "share":
        return f"{number}%"
    return f"+{number};-{number};{number}" if kind == "points" else number


def _sheet_name(name: str, taken: set[str]) -> str:
    """Return a name that Excel allows and that no other sheet has."""
    short = name[:_LONGEST_NAME]
    number = 2
    while short in taken:
        short = f"{name[: _LONGEST_NAME - 3]}_{number}"
        number += 1
    taken.add(short)
    return short


def _write_texts(book: Workbook, document: Document, formats: _Formats) -> None:
    """Write titles, paragraphs and facts on the first sheet."""
    sheet = book.add_worksheet(document.language.text("page.texts"))
    sheet.set_column(0, 0, _WIDE)
    sheet.set_column(1, 1, _PARAGRAPH)
    sheet.hide_gridlines(2)
    lines = [
        (document.title, "", formats.heading),
        (document.subtitle, "", None),
        (document.warning, "", formats.warning),
    ]
    for chapter in document.chapters:
        lines += [("", "", None), (chapter.title, "", formats.heading)]
        for block in chapter.blocks:
            if isinstance(block, Text):
                lines.append(("", block.text, formats.text))
            elif isinstance(block, Facts):
                lines += [(name, text, formats.text) for name, text in block.pairs]
    lines += [("", "", None), (document.foot, "", None)]
    for row, (first, second, cell_format) in enumerate(lines):
        sheet.write_string(row, 0, first[:_LONGEST_TEXT], cell_format)
        sheet.write_string(row, 1, second[:_LONGEST_TEXT], cell_format)


def _write_table(
    sheet: Worksheet, table: Table, document: Document, formats: _Formats
) -> None:
    """Write a table: caption, warning, heads, rows, note."""
    sheet.write_string(0, 0, table.caption, formats.heading)
    sheet.write_string(1, 0, document.warning, formats.warning)
    heads = [*_heads(table.columns, document.language)]
    for place, (label, kind) in enumerate(heads):
        sheet.write_string(2, place, label, formats.head)
        sheet.set_column(place, place, _NARROW if place else _first_width(table))
        if kind == "text" and place:
            sheet.set_column(place, place, _WIDE)
    for row, cells in enumerate(table.rows, start=3):
        for place, (cell, kind) in enumerate(_spread(cells, table.columns)):
            _write_cell(sheet, row, place, cell, kind, formats)
    end = 3 + len(table.rows)
    sheet.write_string(end + 1, 0, table.note)
    sheet.write_string(end + 2, 0, document.foot)
    sheet.freeze_panes(3, 1)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(2)


def _first_width(table: Table) -> int:
    longest = max((len(str(row[0])) for row in table.rows), default=0)
    return min(max(longest + 2, _NARROW), _WIDE)


def _heads(columns: Sequence[Column], words: Language) -> Iterator[tuple[str, Kind]]:
    """Return the heads of the sheet; an interval has two, for its ends."""
    for column in columns:
        if column.kind == "interval":
            yield words.text("page.lower", column=column.label), "points"
            yield words.text("page.upper", column=column.label), "points"
        else:
            yield column.label, column.kind


def _spread(
    cells: Sequence[Cell], columns: Sequence[Column]
) -> Iterator[tuple[str | float | Mark, Kind]]:
    """Return the cells of the sheet; an interval becomes its two ends."""
    for cell, column in zip(cells, columns, strict=True):
        if column.kind != "interval":
            yield cell if not isinstance(cell, tuple) else str(cell), column.kind
        elif isinstance(cell, tuple):
            yield cell[0], "points"
            yield cell[1], "points"
        else:
            yield cell, "points"
            yield cell, "points"


def _write_cell(
    sheet: Worksheet,
    row: int,
    place: int,
    cell: str | float | Mark,
    kind: Kind,
    formats: _Formats,
) -> None:
    if isinstance(cell, Mark):
        sheet.write_string(row, place, MASKED, formats.mark)
    elif isinstance(cell, str):
        sheet.write_string(row, place, cell[:_LONGEST_TEXT], formats.text)
    elif math.isnan(cell):
        sheet.write_string(row, place, MISSING, formats.mark)
    else:
        number = 100 * cell if kind in _HUNDREDTHS else cell
        sheet.write_number(row, place, number, formats.numbers[kind])
