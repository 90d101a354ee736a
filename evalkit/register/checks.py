"""What a register may not say: rules on whole rows, on persons and on months."""

# ruff: noqa: S608  (only names of evalkit's own stand in the SQL)

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from evalkit.register.problems import SHOWN_ROWS, Problem
from evalkit.register.rules import LATEST, PILOT_RULES, SNAPSHOT_RULES
from evalkit.study.months import (
    counting_day,
    first_day,
    last_day,
    month_text,
    parse_month,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalkit.register.engine import DuckDB
    from evalkit.register.loading import Loaded
    from evalkit.study.protocol import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """The loaded tables, under one plan."""

    engine: DuckDB
    loaded: Sequence[Loaded]
    months: tuple[int, ...]
    protocol: Protocol

    def rows(self) -> Iterator[Problem]:
        """Yield the rules on single rows that are broken, all found in one scan."""
        for table, rules, columns in (
            ("snapshots", SNAPSHOT_RULES, self.protocol.data.columns),
            ("pilot", PILOT_RULES, self.protocol.data.pilot_columns),
        ):
            apt = [rule for rule in rules if set(rule.needs) <= set(columns)]
            source = self._source(table)
            counts = [f"count(*) FILTER (WHERE {rule.broken})" for rule in apt]
            found = self.engine.rows(f"SELECT 0, {', '.join(counts)} FROM {source}")
            for rule, count in zip(apt, found[0][1:], strict=True):
                if count:
                    yield from self.named(
                        table,
                        f"SELECT place FROM {source} WHERE {rule.broken}",
                        column=columns[rule.needs[0]],
                        rule=rule.text,
                        remedy=rule.remedy,
                    )

    def _source(self, table: str) -> str:
        """Return the rows of a table, their places and the days of their months."""
        if table == "pilot":
            return "(SELECT *, rowid AS place FROM pilot_rows)"
        return (
            "(SELECT s.*, s.rowid AS place, d.first_day, d.last_day, d.counting_day "
            "FROM snapshots_rows s LEFT JOIN days_of_months d ON d.month = s.month)"
        )

    def persons(self) -> Iterator[Problem]:
        """Yield who is twice in a snapshot, a month at a time to bound the memory."""
        dated = "deregistration_date" in self.protocol.data.columns
        for month in self.months:
            rows = (
                f"(SELECT *, rowid AS place FROM snapshots_rows WHERE month = {month})"
            )
            extra = "count(person_id) - count(DISTINCT person_id)"
            if self.engine.value(f"SELECT {extra} FROM {rows}"):
                yield from self.named(
                    "snapshots",
                    _overlapping(rows) if dated else _repeated(rows),
                    column=self.protocol.data.columns["person_id"],
                    rule=f"a person is twice in the snapshot of {month_text(month)}"
                    + (", in spells that overlap" if dated else ""),
                    remedy="Keep one row per person and month"
                    + (" and spell." if dated else "."),
                )

    def pilots(self) -> Iterator[Problem]:
        """Yield what is wrong with the pilot's list beyond single values."""
        clients = "SELECT *, rowid AS place FROM pilot_rows WHERE person_id IS NOT NULL"
        yield from self.named(
            "pilot",
            f"SELECT place FROM ({clients}) "
            "WHERE referral_day IS NULL AND start_day IS NULL AND NOT wrong",
            rule="there is neither a referral nor a start",
            remedy="Give each client one of the dates, or take the row away.",
        )
        alike = (
            "SELECT * EXCLUDE (place), list(place ORDER BY place) AS places "
            f"FROM ({clients} AND NOT wrong) GROUP BY ALL"
        )
        yield from self.named(
            "pilot",
            f"SELECT unnest(places[2:]) AS place FROM ({alike})",
            rule="the row repeats another in every column",
            remedy="Keep one of them.",
        )

    def links(self) -> Iterator[Problem]:
        """Yield the pilot's clients whom the register does not know."""
        if self.protocol.register_.unlinked_pilots != "error":
            return
        known = (
            "SELECT DISTINCT person_id FROM snapshots "
            "WHERE person_id IN (SELECT person_id FROM pilot)"
        )
        yield from self.named(
            "pilot",
            "SELECT rowid AS place FROM pilot_rows WHERE person_id IS NOT NULL "
            f"AND person_id NOT IN ({known})",
            column=self.protocol.data.pilot_columns["person_id"],
            rule="the register does not know this client",
            remedy='Mend the id, or let [register] unlinked_pilots be "unknown".',
        )

    def gaps(self) -> Iterator[Problem]:
        """Yield the months that lack a snapshot without the plan saying so."""
        known = set(map(parse_month, self.protocol.register_.missing_months))
        lost = [
            month
            for before, after in pairwise(self.months)
            for month in range(before + 1, after)
            if month not in known
        ]
        if lost:
            yield Problem(
                where="the snapshots",
                rule=f"there is none of {', '.join(map(month_text, lost))}",
                remedy="Add them, or name them in [register] missing_months.",
            )

    def named(
        self, table: str, places: str, *, rule: str, remedy: str = "", column: str = ""
    ) -> Iterator[Problem]:
        """Yield one problem for each source that has rows at these places."""
        pieces = [one for one in self.loaded if one.table == f"{table}_rows"]
        if not pieces:
            return
        spans = ", ".join(
            f"({number}, {one.first}, {one.end})" for number, one in enumerate(pieces)
        )
        found = self.engine.rows(
            f"SELECT number, count(*), list(place ORDER BY place)[:{SHOWN_ROWS}] "
            f"FROM ({places}) JOIN (VALUES {spans}) AS spans (number, first, after) "
            "ON place >= first AND place < after GROUP BY number ORDER BY number"
        )
        for number, count, shown in found:
            yield Problem(
                where=pieces[number].piece.name,
                column=column,
                rule=rule,
                remedy=remedy,
                rows=pieces[number].row_numbers(shown),
                count=count,
            )


def check_tables(
    engine: DuckDB,
    loaded: Sequence[Loaded],
    months: tuple[int, ...],
    protocol: Protocol,
    *,
    whole: bool,
) -> Iterator[Problem]:
    """Yield every rule that the loaded tables break.

    Parameters
    ----------
    engine
        Holds the tables.
    loaded
        The sources, in the order in which they were loaded.
    months
        Months that have a snapshot.
    protocol
        The plan.
    whole
        Whether every source could be read: if not, months and clients that seem to be
        missing may only be unread.

    Yields
    ------
    Problem
        One for each source and rule.
    """
    _tabulate_days(engine, months, protocol)
    checker = Checker(engine=engine, loaded=loaded, months=months, protocol=protocol)
    yield from checker.rows()
    yield from checker.persons()
    yield from checker.pilots()
    if whole:
        yield from checker.gaps()
        yield from checker.links()


def _tabulate_days(engine: DuckDB, months: tuple[int, ...], protocol: Protocol) -> None:
    engine.run(
        "CREATE OR REPLACE TEMP TABLE days_of_months (month INTEGER, "
        "first_day INTEGER, last_day INTEGER, counting_day INTEGER)"
    )
    rule = protocol.register_.counting_day
    days = [(m, first_day(m), last_day(m), counting_day(m, rule)) for m in months]
    if days:
        engine.run(f"INSERT INTO days_of_months VALUES {', '.join(map(str, days))}")


def _repeated(rows: str) -> str:
    """Return the query of the second and later rows of a person."""
    return (
        "SELECT place FROM (SELECT place, row_number() OVER "
        f"(PARTITION BY person_id ORDER BY place) AS n FROM {rows} "
        "WHERE person_id IS NOT NULL) WHERE n > 1"
    )


def _overlapping(rows: str) -> str:
    """Return the query of the rows of a person that overlap the spell before.

    A spell that has not ended overlaps every later one; one may begin on the day on
    which another ends.
    """
    return (
        "SELECT place FROM (SELECT place, registration_day, registered, "
        "lag(registration_day) OVER spell AS began_before, "
        "lag(registered) OVER spell AS registered_before, "
        "lag(COALESCE(deregistration_day, CASE WHEN registered THEN "
        f"{LATEST} ELSE registration_day END)) OVER spell AS ended_before, "
        "row_number() OVER spell AS n "
        f"FROM {rows} WHERE person_id IS NOT NULL "
        "WINDOW spell AS (PARTITION BY person_id ORDER BY registration_day, place)) "
        "WHERE n > 1 AND (registration_day IS NOT DISTINCT FROM began_before "
        "OR registered AND registered_before OR registration_day < ended_before)"
    )
