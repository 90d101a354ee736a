"""Text files as Finnish offices write them: delimiter, row of headers, uneven rows."""

from __future__ import annotations

import csv
import io
import itertools
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evalkit.register.engine import literal
from evalkit.register.pieces import (
    HEADER_ROWS,
    Layout,
    Piece,
    find_header,
    headers_in,
    match_headers,
    unreadable,
)
from evalkit.register.problems import SHOWN_ROWS, Problem
from evalkit.register.text_encoding import as_utf8, find_encoding, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from evalkit.register.engine import DuckDB

_DELIMITERS = (";", ",", "\t", "|")
_CHUNK = 1 << 20
_HEAD = 1 << 16
_REASONS = {
    "MISSING COLUMNS": "the row has fewer columns than the headers",
    "TOO MANY COLUMNS": "the row has more columns than the headers",
    "UNQUOTED VALUE": "a quotation mark is not closed, or stands inside a value",
    "LINE SIZE OVER MAXIMUM": "the row is too long (an unclosed quotation mark?)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """A table within a text file.

    `file` is the file in UTF-8, `header` the index of the row of headers, and `lines`
    the number of lines down to it; `skipped` of them are not in `file`.
    """

    file: Path
    encoding: str
    delimiter: str
    headers: list[str]
    header: int
    lines: int
    skipped: int = 0


def find_table(path: Path, name: str, layout: Layout, folder: Path) -> TextTable:
    """Find the table in a text file; `folder` takes a copy where one is needed."""
    encoding = find_encoding(path, name, layout.encoding)
    file = as_utf8(path, encoding, folder)
    delimiter, rows, lines = _rows_by_delimiter(_head(file), layout)
    if not rows:
        raise unreadable(name, "the file is empty")
    header = find_header(rows, layout)
    return TextTable(
        file=file,
        encoding=encoding,
        delimiter=delimiter,
        headers=rows[header],
        header=header,
        lines=lines[header],
    )


def read_text(
    path: Path, name: str, layout: Layout, engine: DuckDB, *, month: int | None
) -> Piece:
    """Return the rows of a text file, all of them text."""
    table = find_table(path, name, layout, engine.folder)
    positions = match_headers(name, table.headers, layout)
    if table.lines > 1:
        table = _below(table, engine.folder)
    return Piece(
        name=name,
        kind="CSV",
        relation=_scan(table),
        columns={column: f"c{position}" for column, position in positions.items()},
        first_row=table.header + 2,
        month=month,
        encoding=name_of(table.encoding),
        delimiter={"\t": "tab"}.get(table.delimiter, table.delimiter),
        refused=lambda: list(_noted(table, name, engine)),
        damaged=lambda: list(_irregular(table, name)),
        gaps=lambda: _blank_rows(path, table),
    )


def _below(table: TextTable, folder: Path) -> TextTable:
    """Leave out the lines down to the headers, which need not be regular CSV."""
    copy = folder / "below.csv"
    with (
        table.file.open(encoding="utf-8-sig", newline="") as old,
        copy.open("w", encoding="utf-8", newline="") as new,
    ):
        for _ in range(table.lines):
            old.readline()
        shutil.copyfileobj(old, new, _CHUNK)
    return replace(table, file=copy, skipped=table.lines)


def _head(file: Path) -> str:
    """Return the beginning of a UTF-8 file."""
    with file.open("rb") as opened:
        start = opened.read(_HEAD)
    return start.decode("utf-8-sig", errors="ignore")


def _rows_by_delimiter(
    head: str, layout: Layout
) -> tuple[str, list[list[str]], list[int]]:
    """Return the best delimiter, the first rows by it, and their last lines."""
    found = []
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
        rows, lines = [], []
        for row in itertools.islice(reader, HEADER_ROWS):
            rows.append(row)
            lines.append(reader.line_num)
        best = headers_in(rows[find_header(rows, layout)], layout) if rows else 0
        width = max(map(len, rows), default=0)
        found.append((best, width, delimiter, rows, lines))
    _, _, delimiter, rows, lines = max(found, key=lambda table: table[:2])
    return delimiter, rows, lines


def _scan(table: TextTable) -> str:
    """Return SQL that reads the rows; uneven ones are noted in `reject_errors`."""
    width = len(table.headers)
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(width))
    return (
        f"read_csv({literal(str(table.file))}, delim = {literal(table.delimiter)}, "
        f"quote = '\"', escape = '\"', header = false, columns = {{{columns}}}, "
        f"skip = {table.lines - table.skipped}, auto_detect = false, "
        "compression = 'none', store_rejects = true)"
    )


def _noted(table: TextTable, name: str, engine: DuckDB) -> Iterator[Problem]:
    """Yield the rows that DuckDB noted as uneven, reason by reason."""
    if not engine.value("SELECT count(*) FROM reject_errors"):
        return
    noted = engine.rows(
        f"SELECT error_type, count(*), min(line, {SHOWN_ROWS}) "
        "FROM (SELECT DISTINCT error_type, line FROM reject_errors) "
        "GROUP BY error_type ORDER BY min(line)"
    )
    for kind, count, lines in noted:
        rows = [line + table.skipped for line in lines]
        yield _uneven(
            name, _REASONS.get(kind, "the row is no regular CSV"), rows, count
        )


def _irregular(table: TextTable, name: str) -> Iterator[Problem]:
    """Yield the rows that are too wide, at which DuckDB may give up without a line."""
    width = len(table.headers)
    with table.file.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=table.delimiter)
        lines = [reader.line_num for row in _rows(reader) if len(row) > width]
    below = [number for line in lines if (number := line + table.skipped) > table.lines]
    if below:
        yield _uneven(name, _REASONS["TOO MANY COLUMNS"], below, len(below))
    else:
        remedy = "Export it again from where it came from."
        yield Problem(where=name, rule="the file is no regular CSV", remedy=remedy)


def _uneven(name: str, rule: str, rows: Sequence[int], count: int) -> Problem:
    return Problem(
        where=name,
        rule=rule,
        remedy="Mend the row, or export the file again.",
        rows=tuple(rows[:SHOWN_ROWS]),
        count=count,
    )


def _blank_rows(path: Path, table: TextTable) -> tuple[int, ...]:
    """Return the rows of blank lines below the headers: DuckDB passes over them."""
    with path.open(encoding=table.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=table.delimiter)
        return tuple(
            number
            for number, row in enumerate(_rows(reader), start=1)
            if not row and number > table.header + 1
        )


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield rows up to one that is too long for Python's reader, though lawful."""
    try:
        yield from reader
    except csv.Error:
        return
