"""What a register may not say: rules on whole rows, on persons and on months."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from evalkit.register.engine import identifier
from evalkit.register.pieces import pilot_layout
from evalkit.register.problems import SHOWN_ROWS, Problem
from evalkit.register.rules import LATEST, PILOT_RULES, SNAPSHOT_RULES
from evalkit.register.shapes import stored_columns
from evalkit.study.months import counting_day, first_day, month_text, parse_month

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from evalkit.register.engine import DuckDB
    from evalkit.register.staging import Loaded
    from evalkit.study.protocol import Protocol


_STAY = {"dated": 0.75, "undated": 0.3}
"""Least share of a month's people who must be in the next month's snapshot: with days
of deregistration everybody should be, with month ends only those who stay."""
_ENOUGH = 50  # people, below which a share says little
_LOOKED_AT = 2_000_000  # rows, beyond which a part of the people is looked at
_AT_ONCE = 2_000_000  # rows whose people are held at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """The loaded tables, under one plan; `sizes` has the rows of each month."""

    engine: DuckDB
    loaded: Sequence[Loaded]
    sizes: dict[int, int]
    protocol: Protocol

    def rows(self) -> Iterator[Problem]:
        """Yield the rules on single rows that are broken, all found in one scan."""
        dated = (
            "(SELECT s.*, d.first_day, d.last_day, d.counting_day "
            "FROM snapshots_rows s LEFT JOIN days_of_months d ON d.month = s.month)"
        )
        for table, source, rules, columns in (
            ("snapshots", dated, SNAPSHOT_RULES, self.protocol.data.columns),
            ("pilot", "pilot_rows", PILOT_RULES, self.protocol.data.pilot_columns),
        ):
            apt = [rule for rule in rules if set(rule.needs) <= set(columns)]
            counts = [f"count(*) FILTER (WHERE {rule.broken})" for rule in apt]
            found = self.engine.rows(f"SELECT 0, {', '.join(counts)} FROM {source}")
            for rule, count in zip(apt, found[0][1:], strict=True):
                if count:
                    yield from self.named(
                        table,
                        f"SELECT piece, place FROM {source} WHERE {rule.broken}",
                        column=columns[rule.needs[0]],
                        rule=rule.text,
                        remedy=rule.remedy,
                    )

    def persons(self) -> Iterator[Problem]:
        """Yield who is twice in a snapshot, some months at a time to spare memory."""
        dated = "deregistration_date" in self.protocol.data.columns
        for first, last in _spans(self.sizes):
            rows = (
                "(SELECT * FROM snapshots_rows WHERE person_id IS NOT NULL "
                f"AND month BETWEEN {first} AND {last})"
            )
            several = (
                f"(SELECT * FROM {rows} JOIN (SELECT month, person_id FROM {rows} "
                "GROUP BY ALL HAVING count(*) > 1) USING (month, person_id))"
            )
            twice = _overlapping(several) if dated else _repeated(several)
            months = self.engine.rows(
                f"SELECT DISTINCT month FROM ({twice}) ORDER BY 1"
            )
            for (month,) in months:
                yield from self.named(
                    "snapshots",
                    f"SELECT * FROM ({twice}) WHERE month = {month}",
                    column=self.protocol.data.columns["person_id"],
                    rule=f"a person is twice in the snapshot of {month_text(month)}"
                    + (", in spells that overlap" if dated else ""),
                    remedy="Keep one row per person and month"
                    + (" and spell." if dated else "."),
                )

    def pilots(self) -> Iterator[Problem]:
        """Yield what is wrong with the pilot's list beyond single values."""
        clients = "(SELECT * FROM pilot_rows WHERE person_id IS NOT NULL AND NOT wrong)"
        yield from self.named(
            "pilot",
            f"SELECT piece, place FROM {clients} "
            "WHERE referral_day IS NULL AND start_day IS NULL",
            rule="there is neither a referral nor a start",
            remedy="Give each client one of the dates, or take the row away.",
        )
        columns = stored_columns(pilot_layout(self.protocol), self.protocol)
        names = ", ".join(map(identifier, columns))
        yield from self.named(
            "pilot",
            "SELECT piece, place FROM (SELECT piece, place, row_number() OVER "
            f"(PARTITION BY {names} ORDER BY place) AS n FROM {clients}) WHERE n > 1",
            rule="the row repeats another in every column",
            remedy="Keep one of them.",
        )

    def links(self) -> Iterator[Problem]:
        """Yield the pilot's clients whom the register should know, and does not.

        Who was referred before the first snapshot's month or after the last counting
        day need not be in it: a list may be older or newer than the snapshots.
        """
        if self.protocol.register_.unlinked_pilots != "error" or not self.sizes:
            return
        known = (
            "SELECT DISTINCT person_id FROM snapshots "
            "WHERE person_id IN (SELECT person_id FROM pilot)"
        )
        rule = self.protocol.register_.counting_day
        first, last = first_day(min(self.sizes)), counting_day(max(self.sizes), rule)
        yield from self.named(
            "pilot",
            "SELECT piece, place FROM pilot_rows WHERE person_id IS NOT NULL "
            f"AND COALESCE(referral_day, start_day) BETWEEN {first} AND {last} "
            f"AND person_id NOT IN ({known})",
            column=self.protocol.data.pilot_columns["person_id"],
            rule="the register does not know this client",
            remedy='Mend the id, or let [register] unlinked_pilots be "unknown".',
        )

    def continuity(self) -> Iterator[Problem]:
        """Yield the months in which most people of the month before are missing.

        A file that was cut short, or whose ids are written in another way, would make
        everybody who is missing look as if the search had ended.
        """
        dated = "deregistration_date" in self.protocol.data.columns
        least = _STAY["dated" if dated else "undated"]
        some = f"hash(person_id) % {1 + sum(self.sizes.values()) // _LOOKED_AT} = 0"
        staying = "month IS NOT NULL AND registered AND deregistration_day IS NULL"
        counts = self.engine.rows(
            "SELECT a.month, count(*), count(b.person_id) "
            "FROM (SELECT month, person_id FROM snapshots "
            f"WHERE {staying} AND {some}) a "
            "LEFT JOIN (SELECT DISTINCT month, person_id FROM snapshots "
            f"WHERE {some}) b ON b.person_id = a.person_id AND b.month = a.month + 1 "
            "GROUP BY a.month ORDER BY a.month"
        )
        for month, people, there in counts:
            after = month + 1
            if after not in self.sizes or people < _ENOUGH or there >= least * people:
                continue
            yield Problem(
                where=f"the snapshot of {month_text(after)}",
                rule=f"only {there / people:.0%} of the people who were registered at "
                f"the end of {month_text(month)} are in it: it was cut short, or ids "
                "are written in another way",
                remedy=f"Export {month_text(after)} again, whole, and with the ids of "
                "the other months.",
            )

    def gaps(self) -> Iterator[Problem]:
        """Yield the months that lack a snapshot without the plan saying so."""
        known = set(map(parse_month, self.protocol.register_.missing_months))
        lost = [
            month
            for before, after in pairwise(self.sizes)
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
        pieces = {one.number: one for one in self.loaded if one.table == table}
        found = self.engine.rows(
            f"SELECT piece, count(*), min(place, {SHOWN_ROWS}) FROM ({places}) "
            "GROUP BY piece ORDER BY piece"
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
    sizes: dict[int, int],
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
    sizes
        Months that have a snapshot, in order, with their numbers of rows.
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
    checker = Checker(engine=engine, loaded=loaded, sizes=sizes, protocol=protocol)
    yield from checker.rows()
    yield from checker.persons()
    yield from checker.pilots()
    if whole:
        yield from checker.gaps()
        yield from checker.links()
        yield from checker.continuity()


def _spans(sizes: dict[int, int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of months that have some two million rows."""
    months: list[int] = []
    rows = 0
    for month, size in sizes.items():
        if months and rows + size > _AT_ONCE:
            yield months[0], months[-1]
            months, rows = [], 0
        months.append(month)
        rows += size
    if months:
        yield months[0], months[-1]


def _repeated(rows: str) -> str:
    """Return the query of the second and later rows of a person in a month."""
    return (
        "SELECT month, piece, place FROM (SELECT month, piece, place, row_number() "
        f"OVER (PARTITION BY month, person_id ORDER BY place) AS n FROM {rows}) "
        "WHERE n > 1"
    )


def _overlapping(rows: str) -> str:
    """Return the query of the rows of a person that overlap the spell before.

    A spell that has not ended overlaps every later one; one may begin on the day on
    which another ends.
    """
    return (
        "SELECT month, piece, place FROM (SELECT month, piece, place, "
        "registration_day, registered, "
        "lag(registration_day) OVER spell AS began_before, "
        "lag(registered) OVER spell AS registered_before, "
        "lag(COALESCE(deregistration_day, CASE WHEN registered THEN "
        f"{LATEST} ELSE registration_day END)) OVER spell AS ended_before, "
        "row_number() OVER spell AS n "
        f"FROM {rows} WINDOW spell AS "
        "(PARTITION BY month, person_id ORDER BY registration_day, place)) "
        "WHERE n > 1 AND (registration_day IS NOT DISTINCT FROM began_before "
        "OR registered AND registered_before OR registration_day < ended_before)"
    )
