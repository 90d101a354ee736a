"""A batch: rows of several sources in their own words, to be converted together.

Many small files cost as much as few large ones only if they share what is done once:
the planning of the SQL, and the conversion of each text that they have in common.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evalkit.register.engine import identifier, literal
from evalkit.register.pieces import FETCHED, UnreadableError, unreadable
from evalkit.study.months import month_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evalkit.register.engine import DuckDB
    from evalkit.register.pieces import Layout, Piece
    from evalkit.register.problems import Problem

MOST_ROWS = 250_000
"""A batch that has so many takes no further source: it is to fit in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A piece whose rows are those from `first` up to before `end` of its table."""

    piece: Piece
    table: str
    number: int
    first: int
    end: int

    def row_numbers(self, places: Iterable[int]) -> tuple[int, ...]:
        """Return the numbers that rows at these places of the table have in the file.

        Blank lines that the table lacks count in the file.
        """
        numbers = [self.piece.first_row + place - self.first for place in places]
        gaps: Sequence[int] = ()
        with suppress(OSError):  # the file is gone by now
            gaps = self.piece.gaps()
        for gap in gaps:
            numbers = [number + (gap <= number) for number in numbers]
        return tuple(numbers)


@dataclass(slots=True, kw_only=True)
class Batch:
    """The table `staged`: the rows of pieces whose columns have the same types.

    Attributes
    ----------
    first
        Place in the table of the layout that the batch's first row will have.
    rows
        How many there are so far.
    pieces
        Those that are in.
    """

    engine: DuckDB
    layout: Layout
    types: dict[str, str]
    serial_dates: bool
    first: int
    rows: int = 0
    pieces: list[Loaded] = field(default_factory=list)

    @classmethod
    def for_piece(
        cls, piece: Piece, layout: Layout, engine: DuckDB, first: int
    ) -> Batch:
        """Return an empty batch that a piece fits in, its table made."""
        types = _types(piece, layout)
        columns = [f"{identifier(name)} {type_}" for name, type_ in types.items()]
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE staged (piece INTEGER, {', '.join(columns)})"
        )
        return cls(
            engine=engine,
            layout=layout,
            types=types,
            serial_dates=piece.serial_dates,
            first=first,
        )

    def takes(self, piece: Piece) -> bool:
        """Tell whether a further piece may come in."""
        alike = _types(piece, self.layout) == self.types
        room = self.rows < MOST_ROWS
        return alike and room and piece.serial_dates == self.serial_dates

    def add(self, piece: Piece, number: int) -> None:
        """Read a piece's rows: all of them, or none and an error says why."""
        import duckdb

        self.engine.run("BEGIN")
        try:
            rows = self.engine.value(
                f"INSERT INTO staged {self._selected(piece, number)}"
            )
            refused = piece.refused()
        except duckdb.Error:  # its message would show what stands in the file
            self.engine.run("ROLLBACK")
            raise UnreadableError(*damage(piece)) from None
        if refused:
            self.engine.run("ROLLBACK")
            raise UnreadableError(*refused)
        self.engine.run("COMMIT")
        if piece.relation == FETCHED:
            self.engine.run(f"DROP TABLE {FETCHED}")
        first = self.first + self.rows
        self.rows += rows
        self.pieces.append(
            Loaded(
                piece=piece,
                table=self.layout.table,
                number=number,
                first=first,
                end=first + rows,
            )
        )

    def _selected(self, piece: Piece, number: int) -> str:
        columns = dict(piece.columns)
        if piece.month is not None:
            columns.setdefault("month", literal(month_text(piece.month)))
        values = ", ".join(columns[name] for name in self.types)
        return f"SELECT {number}, {values} FROM {piece.relation}"


def damage(piece: Piece) -> Sequence[Problem]:
    """Say why a piece cannot be read; its file may be gone by now."""
    with suppress(OSError):
        if found := piece.damaged():
            return found
    return unreadable(
        piece.name, "the file is damaged or gone: it cannot be read to its end"
    ).problems


def _types(piece: Piece, layout: Layout) -> dict[str, str]:
    return {name: piece.types.get(name, "VARCHAR") for name in layout.names}
