"""The SQL that makes a piece's values evalkit's own, and that finds which it cannot."""

# ruff: noqa: S608  (names and texts are quoted by `identifier` and `literal`)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.register import canonical
from evalkit.register.engine import identifier, literal
from evalkit.register.problems import SHOWN_ROWS
from evalkit.register.shapes import (
    counting_days,
    got,
    pilot_columns,
    snapshot_columns,
    types_of,
)
from evalkit.study.codes import EMPLOYMENT_CODES
from evalkit.study.months import month_number, parse_month

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evalkit.register.engine import DuckDB
    from evalkit.register.pieces import Layout, Piece
    from evalkit.study.protocol import Protocol

_FIRST_MONTH = month_number(1950, 1)
_LAST_MONTH = month_number(2100, 12)
_MOST_MONTHS = 2000
_SHOWN_LENGTH = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Values of one mapped column that break a rule; `places` are rows from 1."""

    column: str
    rule: str
    remedy: str
    places: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """How one piece is converted.

    Every mapped column passes through three stages: as the source has it, cleaned
    (named ``raw ...``: without padding, missing ones NULL), converted (``got ...``).
    A value is wrong if there is a raw one and none was got.
    """

    piece: Piece
    layout: Layout
    types: dict[str, str]
    months: dict[str, int]
    employment_codes: frozenset[str]

    def insertion(self, protocol: Protocol) -> str:
        """Return the query of the rows that go into the table, each with `wrong`."""
        if self.layout.table == "pilot":
            columns, source = pilot_columns(self.layout), self._converted()
        else:
            columns = snapshot_columns(self.layout, protocol)
            source = self._dated(protocol)
        selected = ", ".join(
            f"CAST({columns.get(name, got(self.layout, name))} AS {type_})"
            for name, type_ in types_of(self.layout).items()
        )
        wrong = " OR ".join(self._wrong(name) for name in self.layout.columns)
        return f"SELECT {selected}, {wrong} FROM {source}"

    def _dated(self, protocol: Protocol) -> str:
        """Return the converted rows with their month and its counting day."""
        month = got(self.layout, "month", str(self.piece.month or "NULL"))
        months = [] if self.piece.month is None else [self.piece.month]
        if "month" in self.layout.columns:
            months = sorted({*self.months.values()})
        return (
            f"(SELECT *, {counting_days(months, protocol)} AS counting_day "
            f"FROM (SELECT *, CAST({month} AS INTEGER) AS month "
            f"FROM {self._converted()}))"
        )

    def _converted(self, number: str = "") -> str:
        """Return the query of every mapped column, raw and got."""
        values = [
            f"{self._value(name)} AS {identifier(f'got {name}')}"
            for name in self.layout.columns
        ]
        raw = self._raw(self.layout.columns, number)
        return f"(SELECT *, {', '.join(values)} FROM {raw})"

    def _raw(self, names: Iterable[str], number: str = "") -> str:
        """Return the query of mapped columns as cleaned.

        In two layers, because an expression that is used twice is computed twice.
        """
        texts, values = [number] if number else [], ["place"] if number else []
        for name in names:
            column, kind = identifier(name), (self.types[name], self.layout.kinds[name])
            text = canonical.written(self.piece.columns[name], *kind)
            texts.append(f"{text} AS {column}")
            value = canonical.present(column, *kind)
            values.append(f"{value} AS {identifier(f'raw {name}')}")
        return (
            f"(SELECT {', '.join(values)} FROM "
            f"(SELECT {', '.join(texts)} FROM {self.piece.relation}))"
        )

    def _value(self, name: str) -> str:
        """Return SQL for the converted value of a column, from its raw one."""
        raw, kind = identifier(f"raw {name}"), self.layout.kinds[name]
        if name == "month" and self.types[name] not in canonical.DAYS:
            return self._month(raw)
        if name == "employment_code":
            return canonical.employment_code(raw, self.employment_codes)
        if kind == "date" and self.piece.serial_dates:
            return canonical.serial_date(raw)
        return canonical.RECIPES[kind].sql(raw, self.types[name])

    def _month(self, raw: str) -> str:
        """Return SQL for the number of a month, from the texts that were parsed."""
        cases = [f"WHEN {literal(t)} THEN {m}" for t, m in self.months.items()]
        return f"CASE {raw} {' '.join(cases)} END" if cases else "NULL"

    def _wrong(self, name: str) -> str:
        """Return SQL that tells whether a value is wrong, or lacking where needed."""
        raw, value = identifier(f"raw {name}"), identifier(f"got {name}")
        if name in {"month", "person_id"}:
            return f"({value} IS NULL AND NOT ({self._blank()}))"
        return f"({value} IS NULL AND {raw} IS NOT NULL)"

    def _blank(self) -> str:
        """Return SQL that tells whether every mapped column of a row is empty."""
        raw = [identifier(f"raw {name}") for name in self.layout.columns]
        return " AND ".join(f"{column} IS NULL" for column in raw)

    def empty_flags(self, engine: DuckDB) -> int:
        """Count the empty values of yes/no columns, which are read as no."""
        flags = [n for n in self.layout.columns if self.layout.kinds[n] == "flag"]
        if not flags:
            return 0
        raw = [identifier(f"raw {name}") for name in flags]
        empty = " + ".join(f"count(*) - count({column})" for column in raw)
        return int(engine.value(f"SELECT {empty} FROM {self._raw(flags)}"))

    def parsed_months(self, engine: DuckDB) -> dict[str, int]:
        """Return the months of the piece as they are written, with their numbers."""
        rows = engine.rows(
            'SELECT DISTINCT CAST("raw month" AS VARCHAR) AS month '
            f"FROM {self._raw(['month'])} ORDER BY month LIMIT {_MOST_MONTHS}"
        )
        found = {row[0]: _month(row[0]) for row in rows if row[0] is not None}
        return {text: month for text, month in found.items() if month is not None}

    def faults(self, engine: DuckDB) -> Iterator[Fault]:
        """Find the values that could not be converted, column by column."""
        names = list(self.layout.columns)
        wrong = ", ".join(f"bool_or({self._wrong(name)})" for name in names)
        found = engine.rows(f"SELECT {wrong} FROM {self._converted()}")[0]
        for name, is_wrong in zip(names, found, strict=True):
            if is_wrong:
                yield from self._faults_of(name, engine)

    def _faults_of(self, name: str, engine: DuckDB) -> Iterator[Fault]:
        """Find the wrong values of one column, reason by reason."""
        raw = f"CAST({identifier(f'raw {name}')} AS VARCHAR)"
        # A column mapped by mistake, or shifted, may hold the ids.
        ids = f'SELECT CAST("raw person_id" AS VARCHAR) FROM {self._raw(["person_id"])}'
        example = (
            f"CASE WHEN length({raw}) < {_SHOWN_LENGTH} "
            f'AND {raw} NOT IN ({ids} WHERE "raw person_id" IS NOT NULL) '
            f"THEN {raw} END"
        )
        source = self._converted("row_number() OVER () AS place")
        for condition, rule, remedy, shown in self._reasons(name, raw):
            count, places, value = engine.rows(
                f"SELECT count(*), list(place ORDER BY place)[:{SHOWN_ROWS}], "
                f"min({example}) FROM {source} "
                f"WHERE {self._wrong(name)} AND {condition}"
            )[0]
            if count:
                yield Fault(
                    column=self.layout.columns[name],
                    rule=f"{value!r} is {rule}" if shown and value else rule,
                    remedy=remedy,
                    places=tuple(places),
                    count=count,
                )

    def _reasons(self, name: str, raw: str) -> Iterator[tuple[str, str, str, bool]]:
        """Yield what may be wrong: the condition, its rule and remedy, and show it."""
        identity = f"COALESCE({canonical.identity(raw)}, false)"
        recipe = canonical.RECIPES[self.layout.kinds[name]]
        yield (
            identity,
            "Finnish identity codes, where a pseudonym or another value belongs",
            "Replace them by pseudonyms before evalkit reads the file.",
            False,
        )
        if name in {"person_id", "month"}:
            yield (
                f"{raw} IS NULL",
                "the value is missing",
                "Every row needs one.",
                False,
            )
        shown = name != "person_id"
        other = f"NOT {identity} AND {raw} IS NOT NULL"
        yield other, recipe.rule, recipe.remedy, shown


def plan_conversion(
    engine: DuckDB, piece: Piece, layout: Layout, protocol: Protocol
) -> Conversion:
    """Look at a piece's types and months, and return how it is converted."""
    columns = ", ".join(piece.columns[name] for name in layout.columns)
    described = engine.rows(f"DESCRIBE SELECT {columns} FROM {piece.relation}")
    found = [str(row[1]) for row in described]
    types = dict(zip(layout.columns, found, strict=True))
    rules = protocol.register_
    listed = rules.unemployed if isinstance(rules.unemployed, list) else []
    conversion = Conversion(
        piece=piece,
        layout=layout,
        types=types,
        months={},
        employment_codes=frozenset({*EMPLOYMENT_CODES, *listed, *rules.services}),
    )
    if "month" in layout.columns:
        conversion.months.update(conversion.parsed_months(engine))
    return conversion


def _month(text: str) -> int | None:
    """Return the number of a month of our time, or None."""
    try:
        month = parse_month(text)
    except EvalkitError:
        return None
    return month if _FIRST_MONTH <= month <= _LAST_MONTH else None
