"""Pieces into the two tables that the study reads.

Rows go in as they stand in their source, blank ones too, so that the number of a row
follows from its place in the table. The fast path only notes that some row of a piece
is wrong; which one, and why, is looked up when there is one.
"""

# ruff: noqa: S608  (names and texts are quoted by `identifier` and `literal`)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.register.conversion import plan_conversion
from evalkit.register.engine import identifier
from evalkit.register.pieces import unreadable
from evalkit.register.problems import Problem
from evalkit.register.shapes import types_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evalkit.register.engine import DuckDB
    from evalkit.register.pieces import Layout, Piece
    from evalkit.study.protocol import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A piece that is in its table, in the rows from `first` up to before `end`."""

    piece: Piece
    table: str
    first: int
    end: int
    empty_flags: int = 0

    def row_numbers(self, places: Iterable[int]) -> tuple[int, ...]:
        """Return the numbers that rows at these places of the table have in the file.

        Blank lines that the table lacks count in the file.
        """
        numbers = [self.piece.first_row + place - self.first for place in places]
        for gap in self.piece.gaps():
            numbers = [number + (gap <= number) for number in numbers]
        return tuple(numbers)


def create_table(engine: DuckDB, layout: Layout) -> None:
    """Make the empty table of rows, and the view of it that the study reads."""
    types = types_of(layout)
    columns = ", ".join(f"{identifier(name)} {types[name]}" for name in types)
    engine.run(f"CREATE TABLE {layout.table}_rows ({columns}, wrong BOOLEAN)")
    names = ", ".join(map(identifier, types))
    engine.run(
        f"CREATE VIEW {layout.table} AS SELECT {names} FROM {layout.table}_rows "
        "WHERE person_id IS NOT NULL"
    )


def load(
    engine: DuckDB, piece: Piece, layout: Layout, protocol: Protocol
) -> tuple[Loaded, list[Problem]]:
    """Convert a piece into its table, and say which values could not be."""
    import duckdb

    try:
        return _load(engine, piece, layout, protocol)
    except (duckdb.OperationalError, duckdb.DataError, duckdb.InvalidInputException):
        pass  # the message would show what stands in the file
    raise unreadable(piece.name, "the file is damaged: it cannot be read to its end")


def _load(
    engine: DuckDB, piece: Piece, layout: Layout, protocol: Protocol
) -> tuple[Loaded, list[Problem]]:
    conversion = plan_conversion(engine, piece, layout, protocol)
    table = f"{layout.table}_rows"
    first = engine.value(f"SELECT count(*) FROM {table}")
    engine.run(f"INSERT INTO {table} {conversion.insertion(protocol)}")
    end, people, wrong = engine.rows(
        f"SELECT {first} + count(*), count(person_id), "
        f"COALESCE(bool_or(wrong), false) FROM {table} WHERE rowid >= {first}"
    )[0]
    empty = conversion.empty_flags(engine)
    loaded = Loaded(piece=piece, table=table, first=first, end=end, empty_flags=empty)
    if not wrong:
        # The pilot's list is empty before its first referral; a snapshot never is.
        lawful = people or layout.table == "pilot"
        return loaded, [] if lawful else [_empty(piece)]
    problems = [
        Problem(
            where=piece.name,
            column=fault.column,
            rule=fault.rule,
            remedy=fault.remedy,
            rows=loaded.row_numbers(first + place - 1 for place in fault.places),
            count=fault.count,
        )
        for fault in conversion.faults(engine)
    ]
    return loaded, problems


def _empty(piece: Piece) -> Problem:
    return Problem(
        where=piece.name,
        rule="there are no rows below the headers",
        remedy="Export it again, or take it away.",
    )
