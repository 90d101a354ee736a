"""How a batch's values become evalkit's own: SQL, whole columns at a time.

Most columns of a register hold few different texts, over and over. Each is converted
once, into a table of texts, in which the rows look theirs up. Ids, and whatever else
differs from row to row, are converted row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.register import canonical
from evalkit.register.canonical import RECIPES
from evalkit.register.engine import identifier, literal
from evalkit.register.our_time import MONTHS
from evalkit.register.pieces import under_names
from evalkit.register.shapes import stored_columns, types_of
from evalkit.study.codes import EMPLOYMENT_CODES
from evalkit.study.months import parse_month

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evalkit.register.staging import Batch
    from evalkit.study.columns import Kind
    from evalkit.study.protocol import Protocol

_SEEN_ROWS = 20_000
_FEW_TEXTS = 10_000
"""A column with so many texts in so many rows is converted row by row."""

_MOST_MONTHS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How one batch is converted.

    Every column passes through three stages: as the source has it, cleaned (named
    ``raw ...``: without padding, missing ones NULL), converted (``got ...``). A value
    is wrong if there is a raw one and none was got. `repeated` columns have a table of
    texts.
    """

    batch: Batch
    protocol: Protocol
    repeated: frozenset[str]

    def carry_out(self) -> None:
        """Put the batch's rows into their table, each with `wrong`."""
        layout, engine = self.batch.layout, self.batch.engine
        for name in self.repeated:
            engine.run(
                f"CREATE OR REPLACE TEMP TABLE {_texts_of(name)} AS SELECT "
                f"{identifier(name)}, {_stages([name])} "
                f"FROM {self._converted([name], _different(name))}"
            )
        types = types_of(layout)
        selected = ", ".join(
            f"CAST({sql} AS {types[name]})"
            for name, sql in stored_columns(layout, self.protocol).items()
        )
        wrong = " OR ".join(self.wrong(name) for name in layout.names)
        engine.run(
            f"INSERT INTO {layout.table}_rows "
            f"SELECT piece, place, {selected}, {wrong} FROM {self.rows(layout.names)}"
        )

    def rows(self, names: Iterable[str]) -> str:
        """Return the query of the batch's rows with some columns, raw and got."""
        names = list(names)
        placed = f"(SELECT *, {self.batch.first} + rowid AS place FROM staged)"
        single = [name for name in names if name not in self.repeated]
        columns, joins = _stages(names), ""
        for name in self.repeated.intersection(names):
            joins += f" LEFT JOIN {_texts_of(name)} USING ({identifier(name)})"
        if "month" in names:
            columns += ", counting_day"
            joins += ' LEFT JOIN days_of_months d ON d.month = "got month"'
        found = self._converted(single, placed)
        return f"(SELECT piece, place, {columns} FROM {found} {joins})"

    def wrong(self, name: str) -> str:
        """Return SQL that tells whether a value is wrong, or lacking where needed."""
        raw, value = identifier(f"raw {name}"), identifier(f"got {name}")
        if name in {"month", "person_id"}:
            return f"({value} IS NULL AND NOT ({self._blank()}))"
        return f"({value} IS NULL AND {raw} IS NOT NULL)"

    def _blank(self) -> str:
        """Return SQL that tells whether every mapped column of a row is empty."""
        raw = [identifier(f"raw {name}") for name in self.batch.layout.columns]
        return " AND ".join(f"{column} IS NULL" for column in raw)

    def empty_flags(self) -> dict[int, int]:
        """Count the empty values of yes/no columns, which are read as no, by piece."""
        layout = self.batch.layout
        flags = [name for name in layout.columns if layout.kinds[name] == "flag"]
        if not flags:
            return {}
        empty = " + ".join(
            f"count(*) - count({identifier(f'raw {name}')})" for name in flags
        )
        counted = f"SELECT piece, {empty} FROM {self.rows(flags)} GROUP BY piece"
        return dict(self.batch.engine.rows(counted))

    def clear(self) -> None:
        """Drop what the conversion needed."""
        for table in ("staged", *map(_texts_of, self.repeated)):
            self.batch.engine.run(f"DROP TABLE {table}")

    def _converted(self, names: Sequence[str], relation: str) -> str:
        """Return the query that adds to a relation some columns, raw and got.

        In layers, because an expression that is used twice is computed twice.
        """
        if not names:
            return relation
        kinds = {name: self._kind(name) for name in names}
        written = {
            f"written {name}": canonical.written(identifier(name), *kind)
            for name, kind in kinds.items()
        }
        raw = {
            f"raw {name}": canonical.present(identifier(f"written {name}"), *kind)
            for name, kind in kinds.items()
        }
        cleaned = _with(raw, _with(written, relation))
        values = {f"got {name}": self._value(name, cleaned) for name in names}
        return _with(values, cleaned)

    def _kind(self, name: str) -> tuple[str, Kind]:
        return self.batch.types[name], self.batch.layout.kinds[name]

    def _value(self, name: str, cleaned: str) -> str:
        """Return SQL for the converted value of a column, from its raw one."""
        raw, (type_, kind) = identifier(f"raw {name}"), self._kind(name)
        if name == "month" and type_ not in canonical.DAYS:
            return self._month(raw, cleaned)
        if name == "employment_code":
            rules = self.protocol.register_
            listed = rules.unemployed if isinstance(rules.unemployed, list) else []
            known = frozenset({*EMPLOYMENT_CODES, *listed, *rules.services})
            return canonical.employment_code(raw, known)
        if kind == "date" and self.batch.serial_dates:
            return canonical.serial_date(raw)
        return RECIPES[kind].sql(raw, type_)

    def _month(self, raw: str, cleaned: str) -> str:
        """Return SQL for the number of a month, in whichever way it is written."""
        found = self.batch.engine.rows(
            f"SELECT DISTINCT {raw} FROM {cleaned} ORDER BY 1 LIMIT {_MOST_MONTHS}"
        )
        cases = [
            f"WHEN {literal(text)} THEN {number}"
            for (text,) in found
            if text is not None and (number := _month_number(text)) is not None
        ]
        return f"CASE {raw} {' '.join(cases)} END" if cases else "CAST(NULL AS INTEGER)"


def plan_conversion(batch: Batch, protocol: Protocol) -> Conversion:
    """Look at a batch's first rows, and return how it is converted.

    Ids differ from row to row, if not in the first rows of a file that is sorted by
    them; and what has a type already is converted faster than it is looked up.
    """
    names = [
        name
        for name, type_ in batch.types.items()
        if name != "person_id" and type_ not in RECIPES[batch.layout.kinds[name]].keeps
    ]
    if not names:
        return Conversion(batch=batch, protocol=protocol, repeated=frozenset())
    counts = ", ".join(f"count(DISTINCT {identifier(name)})" for name in names)
    some = f"(FROM staged LIMIT {_SEEN_ROWS})"
    found = batch.engine.rows(f"SELECT {counts} FROM {some}")[0]
    few = (name for name, count in zip(names, found, strict=True) if count < _FEW_TEXTS)
    return Conversion(batch=batch, protocol=protocol, repeated=frozenset(few))


def _texts_of(name: str) -> str:
    """Return the name of the table that holds a column's texts."""
    return identifier(f"texts of {name}")


def _different(name: str) -> str:
    """Return the query of the different texts of a column."""
    column = identifier(name)
    return f"(SELECT DISTINCT {column} FROM staged WHERE {column} IS NOT NULL)"


def _stages(names: Iterable[str]) -> str:
    columns = [f"{stage} {name}" for name in names for stage in ("raw", "got")]
    return ", ".join(map(identifier, columns))


def _with(columns: dict[str, str], relation: str) -> str:
    """Return the query that adds columns to a relation."""
    return f"(SELECT *, {under_names(columns)} FROM {relation})"


def _month_number(text: str) -> int | None:
    """Return the number of a month of our time, or None."""
    try:
        month = parse_month(text)
    except EvalkitError:
        return None
    return month if month in MONTHS else None
