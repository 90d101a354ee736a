"""Sources into the two tables that the study reads.

Rows go in as they stand in their source, blank ones too, with their piece and place,
from which their number in the file follows. The fast path only notes that some row is
wrong; which one, and why, is looked up when there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evalkit.register.conversion import plan_conversion
from evalkit.register.engine import identifier
from evalkit.register.faults import find_faults
from evalkit.register.pieces import UnreadableError, unreadable
from evalkit.register.problems import Problem
from evalkit.register.shapes import stored_columns, types_of
from evalkit.register.staging import Batch
from evalkit.study.months import month_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalkit.register.engine import DuckDB
    from evalkit.register.locations import Source
    from evalkit.register.pieces import Layout, Piece
    from evalkit.register.staging import Loaded
    from evalkit.study.protocol import Protocol


class Loader:
    """Takes the sources of one table in, batch by batch.

    Attributes
    ----------
    loaded
        The pieces that are in the table.
    reading
        What was read from each of them, and how.
    whole
        Whether every source could be read.
    """

    def __init__(self, engine: DuckDB, layout: Layout, protocol: Protocol) -> None:
        self.engine, self.layout, self.protocol = engine, layout, protocol
        self.loaded: list[Loaded] = []
        self.reading: list[dict[str, Any]] = []
        self.whole = True
        self._found: list[tuple[int, Problem]] = []
        self._batch: Batch | None = None
        _create_table(engine, layout, protocol)

    def load(self, sources: Sequence[Source]) -> list[Problem]:
        """Take every source in, and say what is wrong with each, in their order."""
        for number, source in enumerate(sources):
            try:
                self._take(source, number)
            except UnreadableError as error:
                self.whole = False
                self._found += [(number, problem) for problem in error.problems]
        self._convert()
        return [problem for _, problem in sorted(self._found, key=lambda one: one[0])]

    def _take(self, source: Source, number: int) -> None:
        piece = source.read(self.layout, self.engine)
        if "month" not in self.layout.columns:
            _require_month(piece, self.layout)
        if self._batch is None or not self._batch.takes(piece):
            self._convert()
            first = self.loaded[-1].end if self.loaded else 0
            self._batch = Batch.for_piece(piece, self.layout, self.engine, first)
        self._batch.add(piece, number)

    def _convert(self) -> None:
        """Convert the rows that wait, and say which values could not be."""
        batch, self._batch = self._batch, None
        if batch is None:
            return
        conversion = plan_conversion(batch, self.protocol)
        conversion.carry_out()
        empty = conversion.empty_flags()
        counted = {row[0]: row[1:] for row in self.engine.rows(_counted(batch))}
        for one in batch.pieces:
            wrong, *counts = counted.get(one.number, (False, 0, 0, None, None))
            # The pilot's list is empty before its first referral; a snapshot never is.
            if self.layout.table == "snapshots" and not counts[0] and not wrong:
                self._found.append((one.number, _empty(one.piece)))
            self._found += [(one.number, told) for told in self._denied(one, counts)]
            self.reading.append(
                _report(one.piece, self.layout, counts, empty.get(one.number, 0))
            )
        if any(row[0] for row in counted.values()):
            self._found += find_faults(conversion)
        conversion.clear()
        self.loaded += batch.pieces

    def _denied(self, one: Loaded, counts: Sequence[Any]) -> Iterator[Problem]:
        """Yield that a snapshot's name carries a month that its rows are not of."""
        header, named = self.layout.columns.get("month"), one.piece.month
        *_, first, last = counts
        if header is None or named is None or first is None or first <= named <= last:
            return
        span = " to ".join(dict.fromkeys(map(month_text, (first, last))))
        yield Problem(
            where=one.piece.name,
            column=header,
            rule=f"the rows are of {span}, and the file's name says "
            f"{month_text(named)}",
            remedy="Rename the file, or mend the column.",
        )


def _create_table(engine: DuckDB, layout: Layout, protocol: Protocol) -> None:
    """Make the empty table of rows, and the view of it that the study reads.

    Only the view has the columns of which the plan maps nothing.
    """
    types, stored = types_of(layout), stored_columns(layout, protocol)
    columns = ", ".join(f"{identifier(name)} {types[name]}" for name in stored)
    engine.run(
        f"CREATE TABLE {layout.table}_rows "
        f"(piece INTEGER, place BIGINT, {columns}, wrong BOOLEAN)"
    )
    values = ", ".join(
        identifier(name)
        if name in stored
        else f"CAST(NULL AS {type_}) AS {identifier(name)}"
        for name, type_ in types.items()
    )
    engine.run(
        f"CREATE VIEW {layout.table} AS SELECT {values} FROM {layout.table}_rows "
        "WHERE person_id IS NOT NULL"
    )


def _counted(batch: Batch) -> str:
    """Return the query of what each piece of a batch brought in."""
    date = "(DATE '1970-01-01' + COALESCE(referral_day, start_day))"
    month = {
        "snapshots": "month",
        "pilot": f"CAST(12 * year({date}) + month({date}) - 1 AS INTEGER)",
    }[batch.layout.table]
    return (
        "SELECT piece, bool_or(wrong), count(person_id), count(DISTINCT person_id), "
        f"min({month}), max({month}) FROM {batch.layout.table}_rows "
        f"WHERE place >= {batch.first} GROUP BY piece"
    )


def _require_month(piece: Piece, layout: Layout) -> None:
    if layout.table == "snapshots" and piece.month is None:
        raise unreadable(
            piece.name,
            "neither a column nor the file's name says its month",
            "Map `month`, or name the file like stock_2021-02.csv.",
        )


def _empty(piece: Piece) -> Problem:
    return Problem(
        where=piece.name,
        rule="there are no rows below the headers",
        remedy="Export it again, or take it away.",
    )


def _report(
    piece: Piece, layout: Layout, counts: Sequence[Any], empty_flags: int
) -> dict[str, Any]:
    """Say what was read from one source, and how."""
    rows, people, *span = counts
    first, last = ("" if month is None else month_text(month) for month in span)
    headers = [f"{name} = {header}" for name, header in layout.columns.items()]
    return {
        "table": layout.table,
        "file": piece.name,
        "kind": piece.kind,
        "rows": rows,
        "people": people,
        "first_month": first,
        "last_month": last,
        "encoding": piece.encoding,
        "delimiter": piece.delimiter,
        "empty_flags_read_as_no": empty_flags,
        "columns": ", ".join(headers),
    }
