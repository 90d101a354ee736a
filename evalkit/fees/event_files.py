"""Files of events as rows of values, whatever their format."""

# ruff: noqa: S608  (names and texts are quoted by `identifier` and `literal`)

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.register.canonical import RECIPES, present, serial_date, written
from evalkit.register.engine import DuckDB, identifier
from evalkit.register.locations import find_sources
from evalkit.register.pieces import UnreadableError
from evalkit.register.staging import damage
from evalkit.study.months import date_of

if TYPE_CHECKING:
    from evalkit.register.locations import Places
    from evalkit.register.pieces import Layout, Piece
    from evalkit.register.problems import Problem

    Row = dict[str, Any]

_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?")
_WHOLE = re.compile(r"\d{1,9}")


class Unread:
    """Stands in the place of a value that could not be read."""

    __slots__ = ()


UNREAD = Unread()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFile:
    """The rows of one source, and the numbers that they have in it.

    A value is None where there is none, and `UNREAD` where it could not be read.
    """

    name: str
    numbers: list[int]
    rows: list[Row]


def read_files(events: Places, layout: Layout) -> tuple[list[EventFile], list[Problem]]:
    """Read every source, and say which could not be."""
    files: list[EventFile] = []
    problems: list[Problem] = []
    engine = DuckDB()
    try:
        for source in find_sources(events, Path()):
            try:
                files.append(_file(source.read(layout, engine), layout, engine))
            except UnreadableError as error:
                problems.extend(error.problems)
    finally:
        engine.close()
    return files, problems


def _file(piece: Piece, layout: Layout, engine: DuckDB) -> EventFile:
    """Convert the rows of a piece; blank ones are passed over."""
    gaps, numbers, rows = set(piece.gaps()), [], []
    number = piece.first_row - 1
    for values in _read(piece, layout, engine):
        number += 1
        while number in gaps:
            number += 1
        triples = zip(layout.columns, values[::2], values[1::2], strict=True)
        row = {
            name: _value(name, got, layout) if filled else None
            for name, filled, got in triples
        }
        if any(value is not None for value in row.values()):
            numbers.append(number)
            rows.append(row)
    return EventFile(name=piece.name, numbers=numbers, rows=rows)


def _read(piece: Piece, layout: Layout, engine: DuckDB) -> list[tuple[Any, ...]]:
    """Return every row of a piece, or say why not every one can be read."""
    import duckdb

    engine.run("BEGIN")  # what DuckDB notes of uneven rows goes with it
    try:
        rows = engine.rows(_query(piece, layout, engine))
        refused = piece.refused()
    except duckdb.Error:  # its message would show what stands in the file
        refused = damage(piece)
    finally:
        engine.run("ROLLBACK")
    if refused:
        raise UnreadableError(*refused)
    return rows


def _query(piece: Piece, layout: Layout, engine: DuckDB) -> str:
    """Return SQL that gives two values a column: is it filled, and with what."""
    columns = piece.columns
    source = f"SELECT {', '.join(columns[n] for n in layout.columns)}"
    described = engine.rows(f"DESCRIBE {source} FROM {piece.relation}")
    texts, raws, values = [], [], []
    for name, (_, type_, *_) in zip(layout.columns, described, strict=True):
        kind, own = layout.kinds[name], identifier(name)
        texts.append(f"{written(columns[name], type_, kind)} AS {own}")
        raws.append(f"{present(own, type_, kind)} AS {own}")
        serial = kind == "date" and piece.serial_dates
        value = serial_date(own) if serial else RECIPES[kind].sql(own, type_)
        values.append(f"{own} IS NOT NULL, {value}")
    written_out = f"SELECT {', '.join(texts)} FROM {piece.relation}"
    filled = f"SELECT {', '.join(raws)} FROM ({written_out})"
    return f"SELECT {', '.join(values)} FROM ({filled})"


def _value(name: str, got: Any, layout: Layout) -> Any:  # noqa: ANN401
    """Return a filled cell's value as Python's own type."""
    if got is None:
        return UNREAD
    if layout.kinds[name] == "date":
        return date_of(got)
    if name == "hours":
        return Decimal(got) if _NUMBER.fullmatch(got) else UNREAD
    if name in {"persons", "days"}:
        return int(got) if _WHOLE.fullmatch(got) else UNREAD
    return got
