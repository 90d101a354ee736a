"""Pieces into the two tables that the study reads, and what could not be converted.

Rows go in as they stand in their source, blank ones too, so that the number of a row
follows from its place in the table. The fast path only notes that some row of a piece
is wrong; which one, and why, is looked up when there is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evalkit.errors import EvalkitError
from evalkit.register import canonical
from evalkit.register.engine import identifier, literal
from evalkit.register.problems import SHOWN_ROWS, Problem
from evalkit.study.codes import EMPLOYMENT_CODES
from evalkit.study.columns import PILOT_COLUMNS, SNAPSHOT_COLUMNS
from evalkit.study.months import counting_day, month_number, parse_month

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evalkit.register.engine import DuckDB
    from evalkit.register.pieces import Layout, Piece
    from evalkit.study.protocol import Protocol

_FIRST_MONTH = month_number(1950, 1)
_LAST_MONTH = month_number(2100, 12)
_MOST_MONTHS = 2000
_SHOWN_LENGTH = 40

SNAPSHOT_TYPES = {
    "month": "INTEGER",
    "person_id": "VARCHAR",
    "registered": "BOOLEAN",
    "weeks": "INTEGER",
    "registration_day": "INTEGER",
    "deregistration_day": "INTEGER",
    "employment_code": "VARCHAR",
    "unemployed": "BOOLEAN",
    "in_service": "BOOLEAN",
    "service_line": "VARCHAR",
    "office": "VARCHAR",
    "municipality": "VARCHAR",
    "sex": "VARCHAR",
    "age": "INTEGER",
    "education": "VARCHAR",
    "occupation": "VARCHAR",
    "exit_reason": "VARCHAR",
}
"""The table `snapshots`, before the plan's own columns."""

PILOT_TYPES = {
    "person_id": "VARCHAR",
    "referral_day": "INTEGER",
    "start_day": "INTEGER",
    "end_day": "INTEGER",
    "result": "VARCHAR",
}
"""The table `pilot`, before the plan's own columns."""


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


def types_of(layout: Layout) -> dict[str, str]:
    """Return the columns and types of the table that a layout leads to."""
    snapshots = layout.table == "snapshots"
    known = SNAPSHOT_COLUMNS if snapshots else PILOT_COLUMNS
    own = {
        name: canonical.CONVERSIONS[layout.kinds[name]].type
        for name in layout.columns
        if name not in known
    }
    return (SNAPSHOT_TYPES if snapshots else PILOT_TYPES) | own


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
    conversion = _Conversion.of(engine, piece, layout, protocol)
    table = f"{layout.table}_rows"
    first = engine.value(f"SELECT count(*) FROM {table}")
    engine.run(f"INSERT INTO {table} {conversion.insertion(protocol)}")
    end = engine.value(f"SELECT count(*) FROM {table}")
    loaded = Loaded(
        piece=piece,
        table=table,
        first=first,
        end=end,
        empty_flags=conversion.empty_flags(engine),
    )
    wrong = engine.value(
        f"SELECT bool_or(wrong) FROM {table} WHERE rowid >= {first} AND rowid < {end}"
    )
    problems = list(conversion.problems(engine, loaded)) if wrong else []
    if not engine.value(f"SELECT count(person_id) FROM {table} WHERE rowid >= {first}"):
        if not problems:
            problems.append(_empty(piece))
    return loaded, problems


def _empty(piece: Piece) -> Problem:
    return Problem(
        where=piece.name,
        rule="there are no rows below the headers",
        remedy="Export it again, or take it away.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversion:
    """The SQL that makes a piece's values evalkit's own."""

    piece: Piece
    layout: Layout
    types: dict[str, str]
    months: dict[str, int]
    known_codes: frozenset[str]

    @classmethod
    def of(
        cls, engine: DuckDB, piece: Piece, layout: Layout, protocol: Protocol
    ) -> _Conversion:
        columns = ", ".join(piece.columns[name] for name in layout.columns)
        described = engine.rows(f"DESCRIBE SELECT {columns} FROM {piece.relation}")
        types = {
            name: str(row[1])
            for name, row in zip(layout.columns, described, strict=True)
        }
        rules = protocol.register_
        listed = rules.unemployed if isinstance(rules.unemployed, list) else ()
        conversion = cls(
            piece=piece,
            layout=layout,
            types=types,
            months={},
            known_codes=frozenset({*EMPLOYMENT_CODES, *listed, *rules.services}),
        )
        if "month" in layout.columns:
            conversion.months.update(conversion.parsed_months(engine))
        return conversion

    def parsed_months(self, engine: DuckDB) -> dict[str, int]:
        """Return every month of the piece as it is written, with its number."""
        raw = f"CAST({self.raw('month')} AS VARCHAR)"
        found = engine.rows(
            f"SELECT DISTINCT {raw} FROM {self.piece.relation} LIMIT {_MOST_MONTHS}"
        )
        written = {str(row[0]) for row in found if row[0] is not None}
        return {text: month for text in written if (month := _month(text)) is not None}

    def raw(self, name: str) -> str:
        """Return SQL for the cleaned value of a column."""
        return canonical.cleaned(
            self.piece.columns[name], self.types[name], self.layout.kinds[name]
        )

    def value(self, name: str) -> str:
        """Return SQL for the converted value of a column, from its cleaned one."""
        raw, type_ = identifier(f"raw {name}"), self.types[name]
        kind = self.layout.kinds[name]
        if name == "month":
            return self.month_value(raw)
        if name == "employment_code":
            return canonical.employment_code(raw, self.known_codes)
        if kind == "date" and self.piece.serial_dates:
            return canonical.serial_date(raw)
        return canonical.CONVERSIONS[kind].sql(raw, type_)

    def month_value(self, raw: str) -> str:
        cases = " ".join(
            f"WHEN {literal(text)} THEN {month}" for text, month in self.months.items()
        )
        return f"CASE CAST({raw} AS VARCHAR) {cases} END" if cases else "NULL"

    def converted(self, *, numbered: bool = False) -> str:
        """Return the query of every mapped column, raw and converted."""
        names = list(self.layout.columns)
        raws = [f"{self.raw(name)} AS {identifier('raw ' + name)}" for name in names]
        number = ["row_number() OVER () AS row_number"] if numbered else []
        values = [
            f"{self.value(name)} AS {identifier('got ' + name)}" for name in names
        ]
        return (
            f"(SELECT *, {', '.join(values)} FROM "
            f"(SELECT {', '.join([*raws, *number])} FROM {self.piece.relation}))"
        )

    def insertion(self, protocol: Protocol) -> str:
        """Return the query of the rows that go into the table."""
        if self.layout.table == "pilot":
            columns = self.pilot_columns()
            source = self.converted()
        else:
            columns = self.snapshot_columns(protocol)
            days = self.counting_days(protocol)
            month = self.got("month", str(self.piece.month or "NULL"))
            source = (
                f"(SELECT *, {days} AS counting_day FROM "
                f"(SELECT *, CAST({month} AS INTEGER) AS month "
                f"FROM {self.converted()}))"
            )
        selected = ", ".join(
            f"CAST({columns.get(name, self.got(name))} AS {type_})"
            for name, type_ in types_of(self.layout).items()
        )
        return f"SELECT {selected}, {self.wrong()} FROM {source}"

    def got(self, name: str, otherwise: str = "NULL") -> str:
        """Return SQL for a converted column, or for what stands in its place."""
        return identifier(f"got {name}") if name in self.layout.columns else otherwise

    def flag(self, name: str) -> str:
        """Return SQL for a yes/no column whose empty values are no."""
        return f"COALESCE({self.got(name)}, false)"

    def counting_days(self, protocol: Protocol) -> str:
        """Return SQL for the counting day of the row's month."""
        months = set(self.months.values())
        if "month" not in self.layout.columns and self.piece.month is not None:
            months = {self.piece.month}
        rule = protocol.register_.counting_day
        cases = [f"WHEN {m} THEN {counting_day(m, rule)}" for m in sorted(months)]
        return f"CASE month {' '.join(cases)} END" if cases else "NULL"

    def snapshot_columns(self, protocol: Protocol) -> dict[str, str]:
        """Return SQL for the columns of `snapshots` that are more than one value."""
        registration = self.got("registration_date")
        weeks = self.got("weeks")
        since = f"CAST(floor((counting_day - {registration}) / 7.0) AS INTEGER)"
        columns = {
            "month": "month",
            "registered": self.registered(),
            "weeks": f"COALESCE({weeks}, greatest({since}, 0))",
            "registration_day": f"COALESCE({registration}, counting_day - 7 * {weeks})",
            "deregistration_day": self.got("deregistration_date"),
            "unemployed": self.unemployed(protocol),
            "in_service": self.in_service(protocol),
            "age": f"COALESCE({self.got('age')}, "
            f"CAST(floor(month / 12.0) AS INTEGER) - {self.got('birth_year')})",
        }
        own = {name for name, kind in self.layout.kinds.items() if kind == "flag"}
        own = (own & set(self.layout.columns)) - set(SNAPSHOT_COLUMNS)
        return columns | {name: self.flag(name) for name in own}

    def registered(self) -> str:
        if "registered_at_month_end" in self.layout.columns:
            return self.flag("registered_at_month_end")
        return f"COALESCE({self.got('deregistration_date')} >= counting_day, true)"

    def unemployed(self, protocol: Protocol) -> str:
        rule = protocol.register_.unemployed
        if isinstance(rule, list):
            return self.code_in(rule)
        return self.flag("unemployed") if rule == "flag" else "true"

    def in_service(self, protocol: Protocol) -> str:
        by_code = self.code_in(protocol.register_.services)
        return f"({self.flag('in_service')} OR {by_code})"

    def code_in(self, listed: list[str]) -> str:
        if not listed or "employment_code" not in self.layout.columns:
            return "false"
        code = self.got("employment_code")
        return f"COALESCE({code} IN {canonical.texts(listed)}, false)"

    def pilot_columns(self) -> dict[str, str]:
        return {
            "referral_day": self.got("referral_date"),
            "start_day": self.got("start_date"),
            "end_day": self.got("end_date"),
        }

    def wrong(self) -> str:
        """Return SQL that tells whether a row holds a value that is not converted."""
        return " OR ".join(self.is_wrong(name) for name in self.layout.columns)

    def is_wrong(self, name: str) -> str:
        raw, got = identifier(f"raw {name}"), identifier(f"got {name}")
        if name in {"month", "person_id"}:
            return f"({got} IS NULL AND NOT ({self.blank()}))"
        return f"({got} IS NULL AND {raw} IS NOT NULL)"

    def blank(self) -> str:
        """Return SQL that tells whether every mapped column of a row is empty."""
        raws = [identifier(f"raw {name}") for name in self.layout.columns]
        return " AND ".join(f"{raw} IS NULL" for raw in raws)

    def empty_flags(self, engine: DuckDB) -> int:
        """Count the empty values of yes/no columns, which are read as no."""
        flags = [n for n in self.layout.columns if self.layout.kinds[n] == "flag"]
        if not flags:
            return 0
        empty = " + ".join(f"count(*) - count({self.raw(name)})" for name in flags)
        return int(engine.value(f"SELECT {empty} FROM {self.piece.relation}"))

    def problems(self, engine: DuckDB, loaded: Loaded) -> Iterator[Problem]:
        """Name the rows whose values could not be converted, column by column."""
        for name in self.layout.columns:
            raw = f"CAST({identifier(f'raw {name}')} AS VARCHAR)"
            for which, rule, remedy, shown in self.reasons(name, raw):
                count, numbers, example = engine.rows(
                    f"SELECT count(*), list(row_number ORDER BY row_number)"
                    f"[:{SHOWN_ROWS}], "
                    f"min(CASE WHEN length({raw}) < {_SHOWN_LENGTH} THEN {raw} END) "
                    f"FROM {self.converted(numbered=True)} "
                    f"WHERE {self.is_wrong(name)} AND {which}"
                )[0]
                if not count:
                    continue
                found = f"{example!r} is {rule}" if shown and example else rule
                places = [loaded.first + number - 1 for number in numbers]
                yield Problem(
                    where=self.piece.name,
                    column=self.layout.columns[name],
                    rule=found,
                    remedy=remedy,
                    rows=loaded.row_numbers(places),
                    count=count,
                )

    def reasons(self, name: str, raw: str) -> Iterator[tuple[str, str, str, bool]]:
        """Yield what may be wrong with a column: condition, rule, remedy, show it?"""
        kind = self.layout.kinds[name]
        conversion = canonical.CONVERSIONS[kind]
        code = f"COALESCE({canonical.identity(raw)}, false)"
        yield (
            code,
            "Finnish identity codes, where a pseudonym or another value belongs",
            "Replace them by pseudonyms before evalkit reads the file.",
            False,
        )
        if name in {"person_id", "month"}:
            yield f"{raw} IS NULL", "empty", "Every row needs one.", False
        shown = kind != "id"
        rule, remedy = conversion.rule, conversion.remedy
        yield f"NOT {code} AND {raw} IS NOT NULL", rule, remedy, shown


def _month(text: str) -> int | None:
    """Return the number of a month of our time, or None."""
    try:
        month = parse_month(text)
    except EvalkitError:
        return None
    return month if _FIRST_MONTH <= month <= _LAST_MONTH else None
