"""Who is followed, and their rows of the register with every spell's last day.

The SQL is portable: days and months are whole numbers, and nothing but standard
window functions and aggregates is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cohort.frame import candidates, eligibility, office_counts
from evalkit.cohort.time_zero import (
    TimeZero,
    control_entries,
    month_days,
    pilot_entries,
)
from evalkit.study.months import counting_day, first_day, parse_month

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from evalkit.cohort.draw import Draw
    from evalkit.register.register import Register

HISTORY_MONTHS = 24
_WEEK_ROUNDING = 6  # days by which a date made from whole weeks can be too late


def slack(register: Register) -> int:
    """Return the days by which the register's first days of spells can be too late."""
    known = "registration_date" in register.protocol.data.columns
    return 0 if known else _WEEK_ROUNDING


def build_histories(
    register: Register, draws: Sequence[Draw], time_zero: TimeZero
) -> None:
    """Make the tables ``entrants`` and ``histories`` of both groups in the engine."""
    import pandas as pd

    seeds = {parse_month(draw.month): draw.certificate.seed for draw in draws}
    drawn = pd.DataFrame(
        {
            "month": [
                m for m, d in zip(seeds, draws, strict=True) for _ in d.person_ids
            ],
            "person_id": [person for draw in draws for person in draw.person_ids],
        }
    ).astype({"month": "int32", "person_id": "object"})
    register.engine.upload("drawn", drawn)
    build_histories_of_drawn(register, seeds, time_zero)


def build_histories_of_drawn(
    register: Register, seeds: Mapping[int, str], time_zero: TimeZero
) -> None:
    """Make the same tables of everybody in the table ``drawn``: month, person_id.

    `seeds` has the seed of each month, by which controls get their time zero.
    """
    engine = register.engine
    engine.upload("month_days", month_days(register, seeds))
    engine.upload("looks", _looks(register))
    engine.table("entrants", _entrants(register, list(seeds), time_zero))
    engine.table("eligible", _eligible(register, list(seeds)))
    engine.table("histories", _histories(register))


def _looks(register: Register) -> pd.DataFrame:
    """Return the snapshots that exist, numbered; a missing month is no look."""
    import pandas as pd

    rule = register.protocol.register_.counting_day
    months = list(register.months)
    following = [*months[1:], None]
    found = first_day if register.has_dates else lambda m: counting_day(m, rule)
    return pd.DataFrame(
        {
            "look": range(len(months)),
            "month": months,
            "counting_day": [counting_day(m, rule) for m in months],
            "found_absent": [None if m is None else found(m) for m in following],
        }
    ).astype({"found_absent": "Int32"})


def _entrants(register: Register, months: Sequence[int], time_zero: TimeZero) -> str:
    """Return SQL for everybody who is followed, numbered in a fixed order.

    ``origin_month`` is the snapshot in which people are described: the last before
    time zero, or for an inflow the first in which they appear.
    """
    at_once = register.protocol.frame.kind == "inflow"
    pilot_snapshot = "m.month" if at_once else "m.month - 1"
    return f"""
        SELECT row_number() OVER (ORDER BY e.month, e.in_pilot, e.person_id) AS entrant,
               e.*, r.first_referral
        FROM (
            SELECT p.person_id, m.month, true AS in_pilot, p.time_zero, p.start_day,
                   {pilot_snapshot} AS origin_month
            FROM ({pilot_entries(register, time_zero)}) p
            JOIN month_days m ON p.time_zero BETWEEN m.first_day AND m.last_day
            UNION ALL
            SELECT c.person_id, c.month, false AS in_pilot, c.time_zero,
                   CAST(NULL AS INTEGER) AS start_day, m.control_snapshot
            FROM ({control_entries(register, months, time_zero)}) c
            JOIN month_days m ON m.month = c.month
        ) e
        LEFT JOIN (
            SELECT person_id, min(coalesce(referral_day, start_day)) AS first_referral
            FROM pilot GROUP BY person_id
        ) r ON r.person_id = e.person_id
    """


def _eligible(register: Register, months: Sequence[int]) -> str:
    """Return SQL for the frame's verdict on the pilot's people: ``outside``.

    NULL where all criteria are met, else the first that is not. Whoever has no row in
    the frame's snapshot has no row here.
    """
    inflow = register.protocol.frame.kind == "inflow"
    parts = []
    for month in months:
        snapshot = month if inflow else month - 1
        criteria = eligibility(register.protocol, month)
        cases = " ".join(
            f"WHEN NOT coalesce({c.condition}, false) THEN '{_quoted(c.name)}'"
            for c in criteria
        )
        parts.append(
            f"""
            SELECT {month} AS month, c.person_id, min(CASE {cases} END) AS outside
            FROM ({candidates(register.protocol, month, snapshot)}) c
            WHERE c.person_id IN (
                SELECT person_id FROM entrants WHERE in_pilot AND month = {month}
            ) AND {_frame_row(register, month)}
            GROUP BY c.person_id
            """
        )
    return " UNION ALL ".join(parts)


def _frame_row(register: Register, month: int) -> str:
    """Return SQL that picks the one row of a snapshot which the criteria look at."""
    if register.protocol.frame.kind == "inflow":
        return f"c.registration_day >= {first_day(month)} AND c.spell_of_month = 1"
    return "c.registered"


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _histories(register: Register) -> str:
    """Return SQL for the rows of everybody followed, with each spell's last day.

    A spell that is registered at one look and absent at the next ended in between:
    where the register holds everybody of a month, on that month's first day; where it
    holds month ends only, it is dated to the look that found the person absent.
    """
    in_pool = _in_pool(register)
    late = slack(register)
    person = "PARTITION BY s.person_id ORDER BY s.month, s.registration_day NULLS LAST"
    return f"""
        SELECT h.*,
               sum(CASE WHEN goes_back THEN 0 ELSE 1 END) OVER (
                   PARTITION BY person_id ORDER BY month, registration_day NULLS LAST
                   ROWS UNBOUNDED PRECEDING
               ) AS spell,
               CASE WHEN deregistration_day IS NOT NULL OR NOT registered OR goes_on
                    THEN deregistration_day ELSE found_absent END AS last_day
        FROM (
            SELECT s.*, l.look, l.counting_day, l.found_absent, {in_pool} AS in_pool,
                   coalesce(
                       lead(s.registration_day) OVER ({person})
                           <= s.registration_day + {late}
                       AND lead(l.look) OVER ({person}) = l.look + 1, false
                   ) AS goes_on,
                   coalesce(
                       s.registration_day
                           <= lag(s.registration_day) OVER ({person}) + {late}, false
                   ) AS goes_back
            FROM snapshots s JOIN looks l ON l.month = s.month
            WHERE s.person_id IN (SELECT person_id FROM entrants)
        ) h
    """


def _in_pool(register: Register) -> str:
    """Return SQL that tells whether a row belongs to its month's follow-up pool."""
    least, most = register.protocol.follow_up.pool_weeks
    pool = f"(s.registered AND s.unemployed AND s.weeks BETWEEN {least} AND {most})"
    if not register.protocol.frame.offices:
        return pool
    by_month = " ".join(
        f"WHEN {month} THEN {office_counts(register.protocol, month)}"
        for month in register.months
    )
    return f"({pool} AND CASE s.month {by_month} END)"
