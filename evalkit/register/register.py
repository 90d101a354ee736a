"""The register and the pilot's list: read, checked, and ready for the draw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from evalkit.errors import EvalkitError, RegisterError
from evalkit.register.checks import check_tables
from evalkit.register.engine import DuckDB
from evalkit.register.loading import Loader
from evalkit.register.locations import find_sources
from evalkit.register.our_time import days_of_months
from evalkit.register.pieces import pilot_layout, snapshot_layout
from evalkit.register.problems import Problem, refuse
from evalkit.results import Result
from evalkit.study.columns import SNAPSHOT_COLUMNS
from evalkit.study.months import month_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalkit.register.engine import Engine
    from evalkit.register.locations import Places, Source
    from evalkit.register.pieces import Layout
    from evalkit.study.protocol import Protocol

EngineName = Literal["duckdb", "spark"]
_TABLES = ("snapshots", "pilot", "counting_days")
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
    engine: EngineName = "duckdb",
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
        Where the study's SQL runs. DuckDB reads and checks the register in any case;
        with ``"spark"`` the tables go on to PySpark, as Parquet files in the temporary
        folder. It uses the active Spark session if there is one.

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
    if engine not in _ENGINES:
        names = " or ".join(map(repr, _ENGINES))
        raise EvalkitError(f"`engine` must be {names}, got {engine!r}.")
    return _ENGINES[engine](lambda one: _open(snapshots, pilot, protocol, one))


def _on_duckdb(read: Callable[[DuckDB], Register]) -> Register:
    database = DuckDB()
    try:
        return read(database)
    except BaseException:
        database.close()
        raise


def _on_spark(read: Callable[[DuckDB], Register]) -> Register:
    from evalkit.register.spark import Spark

    spark = Spark()  # before a long reading: whatever it lacks is told at once

    def read_and_handed_over(database: DuckDB) -> Register:
        register = read(database)
        spark.take_over(database, _TABLES)
        return replace(register, engine=spark)

    try:
        return _on_duckdb(read_and_handed_over)
    except BaseException:
        spark.close()
        raise


def examine_register(protocol: Protocol) -> tuple[Register | None, list[Problem]]:
    """Open a plan's register as far as it can be read, for those who look for changes.

    Parameters
    ----------
    protocol
        The plan, whose own paths are read.

    Returns
    -------
    tuple
        The register (None if no month of it can be read) and what is wrong with it.
        Values that break a rule are missing in it.
    """
    database = DuckDB()
    try:
        found = _read(None, None, protocol, database)
    except EvalkitError as error:
        database.close()
        return None, [Problem(where="the register", rule=error.message)]
    except BaseException:
        database.close()
        raise
    if found[0] is None:
        database.close()
    return found


def _open(
    snapshots: Places | None, pilot: Places | None, protocol: Protocol, engine: DuckDB
) -> Register:
    register, problems = _read(snapshots, pilot, protocol, engine)
    refuse(problems)
    if register is None:
        raise RegisterError("The register holds no month.")
    return register


def _read(
    snapshots: Places | None, pilot: Places | None, protocol: Protocol, engine: DuckDB
) -> tuple[Register | None, list[Problem]]:
    """Return the register, if any month can be read, and every problem."""
    rule = protocol.register_.counting_day
    engine.upload("days_of_months", days_of_months(rule))
    problems: list[Problem] = []
    loaders = []
    for places, layout in (
        (snapshots, snapshot_layout(protocol)),
        (pilot, pilot_layout(protocol)),
    ):
        loader = Loader(engine, layout, protocol)
        problems += loader.load(_sources(places, layout, protocol))
        loaders.append(loader)
    sizes = _sizes(engine)
    problems += check_tables(
        engine,
        [one for loader in loaders for one in loader.loaded],
        sizes,
        protocol,
        whole=all(loader.whole for loader in loaders),
    )
    months = tuple(sizes)
    if not months:
        return None, problems
    engine.table(
        "counting_days",
        "SELECT month, counting_day FROM days_of_months "
        f"WHERE month BETWEEN {months[0]} AND {months[-1] + _MONTHS_AHEAD}",
    )
    columns = protocol.data.columns
    register = Register(
        protocol=protocol,
        engine=engine,
        months=months,
        has_dates="deregistration_date" in columns,
        reading=pd.DataFrame([row for loader in loaders for row in loader.reading]),
        extra=tuple(name for name in columns if name not in SNAPSHOT_COLUMNS),
    )
    return register, problems


def _sources(places: Places | None, layout: Layout, protocol: Protocol) -> list[Source]:
    """Return the sources of one table: those given, or the plan's own."""
    if places is not None:
        return find_sources(places, Path())
    return find_sources(getattr(protocol.data, layout.table), protocol.folder)


def _sizes(engine: DuckDB) -> dict[int, int]:
    """Return the months that have a snapshot, in order, with their numbers of rows."""
    rows = engine.rows(
        "SELECT month, count(*) FROM snapshots WHERE month IS NOT NULL "
        "GROUP BY month ORDER BY month"
    )
    return dict(rows)


_ENGINES = {"duckdb": _on_duckdb, "spark": _on_spark}
