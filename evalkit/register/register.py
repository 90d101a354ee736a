"""The register and the pilot's list: read, checked, and ready for the draw."""

# ruff: noqa: S608  (names and texts are quoted by `identifier` and `literal`)

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evalkit.errors import EvalkitError
from evalkit.register.checks import check_tables
from evalkit.register.engine import DuckDB
from evalkit.register.loading import create_table, load
from evalkit.register.locations import find_sources
from evalkit.register.pieces import (
    UnreadableError,
    pilot_layout,
    snapshot_layout,
    unreadable,
)
from evalkit.register.problems import refuse
from evalkit.results import Result
from evalkit.study.columns import SNAPSHOT_COLUMNS
from evalkit.study.months import counting_day, month_text

if TYPE_CHECKING:
    from evalkit.register.engine import Engine
    from evalkit.register.loading import Loaded
    from evalkit.register.locations import Places, Source
    from evalkit.register.pieces import Layout
    from evalkit.register.problems import Problem
    from evalkit.study.protocol import Protocol

_MONTHS_AHEAD = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Result):
    """People in: the register's snapshots and the pilot's list, in one engine.

    The engine holds three tables. `snapshots`: one row per person and month (and
    spell, where dates of deregistration are mapped). `pilot`: one row per referral.
    `counting_days`: the counting day of every month, and of the thirteen after them.

    Attributes
    ----------
    protocol
        The plan by which the register was read.
    engine
        The database that holds the tables.
    months
        Numbers of the months that have a snapshot, in order.
    has_dates
        Whether dates of deregistration are mapped: then a snapshot holds everybody
        who was registered on any day of the month.
    reading
        One row per source: what was read, and how.
    extra
        Names of the plan's own columns.
    """

    protocol: Protocol
    engine: Engine
    months: tuple[int, ...]
    has_dates: bool
    reading: pd.DataFrame
    extra: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return what was read, one row per source."""
        return self.reading.copy()

    def __str__(self) -> str:
        span = f"{month_text(self.months[0])} to {month_text(self.months[-1])}"
        clients = self.engine.value("SELECT count(DISTINCT person_id) FROM pilot")
        lines = [f"{len(self.months)} months, {span}; {clients} pilot clients"]
        for table, sources in self.reading.groupby("table", sort=False):
            lines.append(f"{table}: {sources['columns'].iloc[0]}")
            lines += [line for _, row in sources.iterrows() for line in _lines(row)]
        return "\n".join(lines)


def _lines(row: pd.Series[Any]) -> list[str]:
    """Say in a line or two what was read from one source."""
    how = ", ".join(filter(None, [row["kind"], row["encoding"], row["delimiter"]]))
    span = " to ".join(dict.fromkeys([row["first_month"], row["last_month"]]))
    size = f"{row['rows']} rows, {row['people']} people, {span or 'no months'}"
    lines = [f"  {row['file']} ({how}): {size}"]
    if row["empty_flags_read_as_no"]:
        count = row["empty_flags_read_as_no"]
        lines.append(f"    {count} empty yes/no values were read as no")
    return lines


def open_register(
    snapshots: Places | None = None,
    pilot: Places | None = None,
    *,
    protocol: Protocol,
    engine: str = "duckdb",
) -> Register:
    """Read and check the register and the pilot's list.

    Parameters
    ----------
    snapshots
        The monthly snapshots: a path, a folder, a pattern, a data frame, a `Table` of
        a database, or a list of these. None: where the plan says.
    pilot
        The pilot's list of clients, in the same manner.
    protocol
        The plan: column mapping, code lists, counting day.
    engine
        ``"duckdb"``.

    Returns
    -------
    Register
        The people, and the report of what was read.

    Raises
    ------
    RegisterError
        If anything breaks a rule; one error names every problem, and never a person.

    Examples
    --------
    >>> from evalkit.study.protocol import Protocol
    >>> protocol = Protocol.model_validate(
    ...     {
    ...         "study": {"title": "A pilot"},
    ...         "data": {
    ...             "snapshots": "stock.csv",
    ...             "pilot": "pilot.csv",
    ...             "columns": {"month": "kk", "person_id": "id", "weeks": "kesto"},
    ...             "pilot_columns": {"person_id": "id", "referral_date": "ohjattu"},
    ...         },
    ...         "register": {"unemployed": "registered"},
    ...         "draw": {"seed": "2019-12-19 closing index"},
    ...     }
    ... )
    >>> stock = pd.DataFrame({"kk": "2021-01", "id": ["a", "b"], "kesto": [5, "12,0"]})
    >>> clients = pd.DataFrame({"id": ["b"], "ohjattu": ["3.2.2021"]})
    >>> register = open_register(stock, clients, protocol=protocol)
    >>> register.to_frame()[["table", "rows", "people"]]
           table  rows  people
    0  snapshots     2       2
    1      pilot     1       1
    """
    if engine != "duckdb":
        raise EvalkitError(f"`engine` must be 'duckdb', got {engine!r}.")
    database = DuckDB()
    try:
        return _open(snapshots, pilot, protocol, database)
    except BaseException:
        database.close()
        raise


def _open(
    snapshots: Places | None, pilot: Places | None, protocol: Protocol, engine: DuckDB
) -> Register:
    layouts = [snapshot_layout(protocol), pilot_layout(protocol)]
    loaded: list[Loaded] = []
    problems: list[Problem] = []
    whole = True
    for places, layout in zip((snapshots, pilot), layouts, strict=True):
        create_table(engine, layout)
        for source in _sources(places, layout, protocol):
            try:
                one, found = _load_source(source, layout, protocol, engine)
            except UnreadableError as error:
                problems.extend(error.problems)
                whole = False
            else:
                loaded.append(one)
                problems.extend(found)
    months = _months(engine)
    problems.extend(check_tables(engine, loaded, months, protocol, whole=whole))
    refuse(problems)
    _tabulate_counting_days(engine, months, protocol)
    columns = protocol.data.columns
    return Register(
        protocol=protocol,
        engine=engine,
        months=months,
        has_dates="deregistration_date" in columns,
        reading=pd.DataFrame([_report(engine, one, protocol) for one in loaded]),
        extra=tuple(name for name in columns if name not in SNAPSHOT_COLUMNS),
    )


def _sources(places: Places | None, layout: Layout, protocol: Protocol) -> list[Source]:
    """Return the sources of one table: those given, or the plan's own."""
    if places is not None:
        return find_sources(places, Path())
    return find_sources(getattr(protocol.data, layout.table), protocol.folder)


def _load_source(
    source: Source, layout: Layout, protocol: Protocol, engine: DuckDB
) -> tuple[Loaded, list[Problem]]:
    piece = source.read(layout, engine)
    needs_month = layout.table == "snapshots" and "month" not in layout.columns
    if needs_month and piece.month is None:
        raise unreadable(
            source.name,
            "neither a column nor the file's name says its month",
            "Map `month`, or name the file like stock_2021-02.csv.",
        )
    return load(engine, piece, layout, protocol)


def _months(engine: DuckDB) -> tuple[int, ...]:
    rows = engine.rows(
        "SELECT DISTINCT month FROM snapshots WHERE month IS NOT NULL ORDER BY month"
    )
    return tuple(row[0] for row in rows)


def _tabulate_counting_days(
    engine: DuckDB, months: tuple[int, ...], protocol: Protocol
) -> None:
    """Make the table of counting days, up to a year and a month past the last."""
    rule = protocol.register_.counting_day
    span = range(months[0], months[-1] + _MONTHS_AHEAD + 1)
    days = ", ".join(f"({month}, {counting_day(month, rule)})" for month in span)
    engine.run("CREATE TABLE counting_days (month INTEGER, counting_day INTEGER)")
    engine.run(f"INSERT INTO counting_days VALUES {days}")


def _report(engine: DuckDB, loaded: Loaded, protocol: Protocol) -> dict[str, Any]:
    """Say what was read from one source, and how."""
    snapshots = loaded.table == "snapshots_rows"
    data = protocol.data
    columns = data.columns if snapshots else data.pilot_columns
    day = "COALESCE(referral_day, start_day)"
    month = (
        "month"
        if snapshots
        else f"CAST(12 * year(DATE '1970-01-01' + {day}) "
        f"+ month(DATE '1970-01-01' + {day}) - 1 AS INTEGER)"
    )
    rows, people, first, last = engine.rows(
        f"SELECT count(*), count(DISTINCT person_id), min({month}), max({month}) "
        f"FROM {loaded.table} WHERE person_id IS NOT NULL "
        f"AND rowid >= {loaded.first} AND rowid < {loaded.end}"
    )[0]
    return {
        "table": "snapshots" if snapshots else "pilot",
        "file": loaded.piece.name,
        "kind": loaded.piece.kind,
        "rows": rows,
        "people": people,
        "first_month": "" if first is None else month_text(first),
        "last_month": "" if last is None else month_text(last),
        "encoding": loaded.piece.encoding,
        "delimiter": loaded.piece.delimiter,
        "empty_flags_read_as_no": loaded.empty_flags,
        "columns": ", ".join(f"{name} = {header}" for name, header in columns.items()),
    }
