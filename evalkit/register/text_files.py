"""Text files as Finnish offices write them: encoding, delimiter, row of headers."""

# ruff: noqa: S608  (names and texts are quoted by `identifier` and `literal`)

from __future__ import annotations

import codecs
import csv
import io
import itertools
import shutil
from typing import TYPE_CHECKING

from evalkit.register.engine import literal
from evalkit.register.pieces import (
    HEADER_ROWS,
    Layout,
    Piece,
    UnreadableError,
    find_header,
    headers_in,
    match_headers,
    own_names,
    renamed,
    unreadable,
)
from evalkit.register.problems import SHOWN_ROWS, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from evalkit.register.engine import DuckDB

_DELIMITERS = (";", ",", "\t", "|")
_CHUNK = 1 << 20
_HEAD = 1 << 16
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {"utf-8-sig": "UTF-8 with BOM", "utf-16": "UTF-16", "utf-8": "UTF-8",
          "cp1252": "Windows-1252", "iso8859-1": "ISO-8859-1"}  # fmt: skip
_REASONS = {
    "MISSING COLUMNS": "the row has fewer columns than the headers",
    "TOO MANY COLUMNS": "the row has more columns than the headers",
    "UNQUOTED VALUE": "a quotation mark is not closed, or stands inside a value",
    "LINE SIZE OVER MAXIMUM": "the row is too long (an unclosed quotation mark?)",
}


def read_text(
    path: Path, name: str, layout: Layout, engine: DuckDB, *, month: int | None
) -> Piece:
    """Stage a text file's mapped columns, all as text."""
    encoding = find_encoding(path, name, layout.encoding)
    file = _as_utf8(path, encoding, engine)
    delimiter, rows, lines = _find_table(_head(file), layout)
    if not rows:
        raise unreadable(name, "the file is empty")
    header = find_header(rows, layout)
    positions = match_headers(name, rows[header], layout)
    skip = lines[header]
    if skip > 1:
        file, skip = _below(file, skip, engine), 0
    _stage(file, name, positions, len(rows[header]), skip, delimiter, engine)
    return Piece(
        name=name,
        kind="CSV",
        relation="staged",
        columns=own_names(layout),
        first_row=header + 2,
        month=month,
        encoding=_NAMES.get(encoding, encoding),
        delimiter={"\t": "tab"}.get(delimiter, delimiter),
        gaps=lambda: _blank_rows(path, encoding, delimiter, header),
    )


def find_encoding(path: Path, name: str, declared: str | None) -> str:
    """Return the encoding of a text file: declared, marked, or found by reading it."""
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((known for bom, known in _BOMS if start.startswith(bom)), None)
    if marked:
        encodings = [marked]
    elif declared:
        encodings = [_known(declared, name)]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        if _decodes(path, encoding):
            return encoding
    raise unreadable(
        name,
        f"the file is not {' nor '.join(_NAMES.get(e, e) for e in encodings)}",
        "Name its encoding in the plan ([data] encoding), or save it as UTF-8.",
    )


def _known(encoding: str, name: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise unreadable(
            name,
            f"the plan's encoding {encoding!r} is not known",
            'Known are, among others, "utf-8", "windows-1252" and "iso-8859-1".',
        ) from None


def _decodes(path: Path, encoding: str) -> bool:
    try:
        for _ in _decoded(path, encoding):
            pass
    except UnicodeError:
        return False
    return True


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    """Decode a file piece by piece."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _as_utf8(path: Path, encoding: str, engine: DuckDB) -> Path:
    """Return the file, or a copy in UTF-8: DuckDB's wheel knows no other encoding."""
    if encoding in {"utf-8", "utf-8-sig"}:
        return path
    copy = engine.folder / "transcoded.csv"
    with copy.open("w", encoding="utf-8", newline="") as file:
        file.writelines(_decoded(path, encoding))
    return copy


def _below(file: Path, lines: int, engine: DuckDB) -> Path:
    """Return a copy without the first lines, which need not be regular CSV."""
    copy = engine.folder / "below.csv"
    with (
        file.open(encoding="utf-8-sig", newline="") as old,
        copy.open("w", encoding="utf-8", newline="") as new,
    ):
        for _ in range(lines):
            old.readline()
        shutil.copyfileobj(old, new, _CHUNK)
    return copy


def _head(file: Path) -> str:
    """Return the beginning of a UTF-8 file."""
    with file.open("rb") as opened:
        start = opened.read(_HEAD)
    return start.decode("utf-8-sig", errors="ignore")


def _find_table(head: str, layout: Layout) -> tuple[str, list[list[str]], list[int]]:
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


def _stage(
    file: Path,
    name: str,
    positions: dict[str, int],
    width: int,
    skip: int,
    delimiter: str,
    engine: DuckDB,
) -> None:
    """Read the mapped columns into the table `staged`, refusing uneven rows."""
    import duckdb

    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(width))
    mapped = renamed(positions, [f"c{position}" for position in range(width)])
    engine.run("DROP TABLE IF EXISTS reject_errors")
    engine.run("DROP TABLE IF EXISTS reject_scans")
    try:
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {mapped} FROM read_csv("
            f"{literal(str(file))}, delim = {literal(delimiter)}, quote = '\"', "
            f"escape = '\"', header = false, skip = {skip}, auto_detect = false, "
            f"columns = {{{columns}}}, compression = 'none', store_rejects = true)"
        )
        rejected = engine.rows(
            "SELECT error_type, min(line), count(DISTINCT line), "
            f"list(DISTINCT line ORDER BY line)[:{SHOWN_ROWS}] "
            "FROM reject_errors GROUP BY error_type ORDER BY min(line)"
        )
    except duckdb.Error as error:  # its message would show what stands in the file
        raise UnreadableError(
            Problem(
                where=name,
                rule=f"the file is no regular CSV ({type(error).__name__})",
                remedy="Export it again from where it came from.",
            )
        ) from None
    if rejected:
        raise UnreadableError(
            *(
                Problem(
                    where=name,
                    rule=_REASONS.get(str(kind), "the row is no regular CSV"),
                    remedy="Mend the row, or export the file again.",
                    rows=tuple(rows),
                    count=count,
                )
                for kind, _, count, rows in rejected
            )
        )


def _blank_rows(
    path: Path, encoding: str, delimiter: str, header: int
) -> tuple[int, ...]:
    """Return the rows of blank lines below the headers: DuckDB passes over them."""
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        return tuple(
            number
            for number, row in enumerate(_rows(reader), start=1)
            if not row and number > header + 1
        )


def _rows(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """Yield rows up to one that is too long for Python's reader, though lawful."""
    try:
        yield from reader
    except csv.Error:
        return
