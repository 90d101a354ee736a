"""What a file shows before a plan says what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.register.engine import literal
from evalkit.register.locations import (
    PARQUET,
    TEXT,
    folder_values,
    plain_file,
    readable_kind,
)
from evalkit.register.pieces import Layout, unreadable
from evalkit.register.spreadsheets import find_sheet
from evalkit.register.tables import parquet_columns
from evalkit.register.text_encoding import name_of
from evalkit.register.text_files import find_table

if TYPE_CHECKING:
    from pathlib import Path

    from evalkit.register.engine import DuckDB
    from evalkit.study.columns import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One file: how it was read, and its headers."""

    name: str
    how: str
    headers: tuple[str, ...]


def look_at(path: Path, name: str, columns: dict[str, Column], engine: DuckDB) -> Sight:
    """Return the headers of a file: the row that has the most known ones.

    Raises
    ------
    UnreadableError
        If the file is not what its name says, is empty or damaged.
    """
    kind = readable_kind(path, name)
    try:
        plain = plain_file(path, name, engine)
        if kind in TEXT:
            return _text(plain, name, _known(columns), engine)
        if kind in PARQUET:
            return _parquet(plain, name, folder_values(path), engine)
        return _workbook(plain, name, _known(columns))
    except OSError as error:
        reason = error.strerror or "damaged"
        raise unreadable(name, f"the file cannot be read ({reason})") from None


def _known(columns: dict[str, Column]) -> Layout:
    """Return a layout that maps every header known, so that rows can be compared."""
    headers = {
        header
        for column in columns.values()
        for known in column.headed.values()
        for header in known
    }
    return Layout(table="", columns={header: header for header in headers}, kinds={})


def _text(path: Path, name: str, known: Layout, engine: DuckDB) -> Sight:
    table = find_table(path, name, known, engine.folder)
    delimiter = {"\t": "tab"}.get(table.delimiter, table.delimiter)
    return Sight(
        name=name,
        how=f"CSV, {name_of(table.encoding)}, delimiter {delimiter}, "
        f"headers in row {table.header + 1}",
        headers=tuple(table.headers),
    )


def _workbook(path: Path, name: str, known: Layout) -> Sight:
    _, rows, header = find_sheet(path, name, known)
    headers = tuple(str(cell) for cell in rows[header])
    how = f"Excel, first sheet, headers in row {header + 1}"
    return Sight(name=name, how=how, headers=headers)


def _parquet(path: Path, name: str, folders: dict[str, str], engine: DuckDB) -> Sight:
    scan = f"read_parquet({literal(str(path))}, hive_partitioning = false)"
    headers = dict.fromkeys([*parquet_columns(scan, name, engine), *folders])
    return Sight(name=name, how="Parquet", headers=tuple(headers))
