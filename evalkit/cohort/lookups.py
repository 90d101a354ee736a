"""What the register says of each entrant: at time zero, at the lags, and until when.

Everything is aggregated from ``entrants`` and ``histories``, one row per entrant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cohort.histories import HISTORY_MONTHS, slack
from evalkit.study.months import month_of

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.register.register import Register
    from evalkit.study.protocol import Lag

_LAID_OFF = "03"


def look_up(register: Register) -> pd.DataFrame:
    """Return one row per entrant with all that was looked up, in entrants' order."""
    engine = register.engine
    lags = [register.protocol.follow_up.lag, *register.protocol.follow_up.further_lags]
    _look_up_states(register, lags)
    engine.table("exits", _exits(register))
    engine.table("past", _past(register))
    return engine.frame(_joined(register, lags))


def count_states(register: Register) -> pd.DataFrame:
    """Return how many entrants are alike in all that their outcome depends on.

    The columns that `look_up` has for it, and ``people``; ``first_referral`` is kept
    only where it is not after time zero.
    """
    _look_up_states(register, [register.protocol.follow_up.lag])
    return register.engine.frame(_counted())


def _look_up_states(register: Register, lags: list[Lag]) -> None:
    """Make the tables of the state at time zero and at the lags."""
    engine = register.engine
    engine.upload("lag_days", _lag_days(register, lags))
    engine.table("at_zero", _at_zero(register))
    engine.table("measured", _measured(register, lags))


def _lag_days(register: Register, lags: list[Lag]) -> pd.DataFrame:
    """Say for every day that is somebody's time zero where each lag ends.

    The follow-up pool is a month's closing stock. Whoever was drawn at the opening of
    August is looked for in that of October, which closes when three months have passed.
    """
    days = register.engine.frame("SELECT DISTINCT time_zero FROM entrants")
    days = days.sort_values("time_zero", ignore_index=True).astype("int32")
    for number, lag in enumerate(lags):
        ends = [lag.after(int(day)) for day in days["time_zero"]]
        days[f"lag_day_{number}"] = ends
        days[f"lag_month_{number}"] = [month_of(day) for day in ends]
    days["pool_month"] = [month_of(day - 1) for day in days["lag_day_0"].tolist()]
    days["zero_month"] = [month_of(int(day)) for day in days["time_zero"]]
    days["zero_seen"] = days["zero_month"].isin(register.months)
    return days


def _covers(register: Register, day: str, month: str) -> str:
    """Return SQL that tells whether a row of ``histories`` shows the state on a day.

    With dates: the spell that runs on that day. With snapshots only: the snapshot of
    the month in which the day falls.
    """
    if not register.has_dates:
        return f"(h.month = {month} AND h.registered)"
    return (
        f"(h.month BETWEEN {month} - 1 AND {month} AND h.registration_day <= {day} "
        f"AND coalesce(h.last_day, {day}) >= {day} "
        f"AND (h.month = {month} OR h.last_day IS NOT NULL))"
    )


def _at_zero(register: Register) -> str:
    """Return SQL for the spell that runs at time zero: ``began``, ``unemployed_then``.

    With snapshots only nobody knows who left between the frame's day and time zero.
    """
    origin = "(h.month = e.origin_month AND h.registered)"
    if not register.has_dates:
        return f"""
            SELECT e.entrant, true AS unemployed_then,
                   coalesce(
                       max(CASE WHEN {origin} THEN h.registration_day END),
                       max(CASE WHEN h.month = d.zero_month
                                 AND h.registration_day <= e.time_zero
                                THEN h.registration_day END)
                   ) AS began
            FROM entrants e JOIN lag_days d ON d.time_zero = e.time_zero
            LEFT JOIN histories h ON h.person_id = e.person_id
            GROUP BY e.entrant
        """
    covers = _covers(register, "e.time_zero", "d.zero_month")
    return f"""
        SELECT e.entrant,
               coalesce(bool_or({covers}), false)
                   OR NOT bool_or(d.zero_seen)
                   AS unemployed_then,
               coalesce(
                   max(CASE WHEN {covers} THEN h.registration_day END),
                   max(CASE WHEN {origin} THEN h.registration_day END)
               ) AS began
        FROM entrants e JOIN lag_days d ON d.time_zero = e.time_zero
        LEFT JOIN histories h ON h.person_id = e.person_id
        GROUP BY e.entrant
    """


def _exits(register: Register) -> str:
    """Return SQL for the first exit from unemployment after time zero.

    The end of the spell, or the first look that finds the person registered under a
    code other than unemployed; ``exit_day`` is NULL where neither was seen.
    """
    own = f"h.registration_day <= e.time_zero + {slack(register)}"
    return f"""
        SELECT x.entrant, x.exit_day, x.by_code,
               max(CASE WHEN NOT x.by_code AND h.last_day = x.exit_day
                        THEN h.exit_reason END) AS exit_reason,
               max(CASE WHEN x.by_code AND h.counting_day = x.exit_day AND h.registered
                        THEN h.employment_code END) AS exit_code,
               coalesce(bool_or(x.by_code AND h.counting_day = x.exit_day
                                AND h.in_service), false) AS exit_in_service
        FROM (
            SELECT entrant, person_id, time_zero, least(ended, recoded) AS exit_day,
                   coalesce(recoded < ended, ended IS NULL) AS by_code
            FROM (
                SELECT e.entrant, e.person_id, e.time_zero,
                       min(CASE WHEN h.last_day >= e.time_zero THEN h.last_day END)
                           AS ended,
                       min(CASE WHEN h.counting_day >= e.time_zero AND h.registered
                                 AND NOT h.unemployed THEN h.counting_day END)
                           AS recoded
                FROM entrants e
                JOIN histories h ON h.person_id = e.person_id AND {own}
                GROUP BY e.entrant, e.person_id, e.time_zero
            ) both_ways
            WHERE ended IS NOT NULL OR recoded IS NOT NULL
        ) x
        JOIN entrants e ON e.entrant = x.entrant
        JOIN histories h ON h.person_id = x.person_id AND {own}
        GROUP BY x.entrant, x.exit_day, x.by_code
    """


def _measured(register: Register, lags: list[Lag]) -> str:
    """Return SQL for the state at each lag, numbered from 0 (the plan's first)."""
    laid_off = f"h.employment_code = '{_LAID_OFF}'"
    unknown = ", ".join(_texts(register.protocol.register_.unknown_exits)) or "NULL"
    columns = []
    for number, _ in enumerate(lags):
        day, month = f"d.lag_day_{number}", f"d.lag_month_{number}"
        covers = _covers(register, day, month)
        lost = (
            f"h.last_day BETWEEN e.time_zero AND {day} AND h.exit_reason IN ({unknown})"
        )
        columns += [
            f"coalesce(bool_or({covers}), false) AS found_{number}",
            f"coalesce(bool_or({covers} AND h.unemployed), false) AS still_{number}",
            f"coalesce(bool_or({covers} AND h.in_service), false) AS service_{number}",
            f"coalesce(bool_or({covers} AND {laid_off}), false) AS laid_off_{number}",
            f"coalesce(bool_or({lost}), false) AS lost_{number}",
        ]
    return f"""
        SELECT e.entrant, {", ".join(columns)},
               coalesce(bool_or(h.month = d.pool_month AND h.in_pool), false)
                   AS in_pool,
               count(h.person_id) > 0 AS linked
        FROM entrants e JOIN lag_days d ON d.time_zero = e.time_zero
        LEFT JOIN histories h ON h.person_id = e.person_id
        GROUP BY e.entrant
    """


def _texts(values: list[str]) -> list[str]:
    return ["'" + value.replace("'", "''") + "'" for value in values]


def _past(register: Register) -> str:
    """Return SQL for what the register shows of the time before time zero."""
    inflow = register.protocol.frame.kind == "inflow"
    last = "e.origin_month - 1" if inflow else "e.origin_month"
    return f"""
        SELECT e.entrant,
               count(DISTINCT CASE WHEN h.registered AND h.unemployed THEN h.month END)
                   AS months_unemployed_24,
               count(DISTINCT h.spell) AS spells_24,
               count(DISTINCT CASE WHEN h.in_service THEN h.month END) AS services_24
        FROM entrants e
        LEFT JOIN histories h ON h.person_id = e.person_id
         AND h.month BETWEEN {last} - {HISTORY_MONTHS - 1} AND {last}
        GROUP BY e.entrant
    """


def _joined(register: Register, lags: list[Lag]) -> str:
    """Return SQL that puts everything beside the row which describes the person."""
    inflow = register.protocol.frame.kind == "inflow"
    origin = "o.registration_day = e.time_zero" if inflow else "o.registered"
    looked_up = [
        f"{prefix}.{name}_{number}"
        for number, _ in enumerate(lags)
        for prefix, name in (
            ("d", "lag_day"), ("d", "lag_month"), ("m", "found"), ("m", "still"),
            ("m", "service"), ("m", "laid_off"), ("m", "lost"),
        )
    ]  # fmt: skip
    described = [f'o."{name}"' for name in described_by(register)]
    described += [f'c."{name}"' for name in told_of_pilots(register)]
    columns = ", ".join([*looked_up, *described])
    return f"""
        SELECT e.entrant, e.person_id, e.month, e.in_pilot, e.time_zero, e.start_day,
               e.first_referral, z.began, z.unemployed_then,
               x.exit_day, x.by_code, x.exit_reason AS reason_of_exit, x.exit_code,
               x.exit_in_service, m.in_pool, m.linked,
               p.months_unemployed_24, p.spells_24, p.services_24,
               q.outside, q.person_id IS NOT NULL AS in_snapshot,
               coalesce(o.employment_code = '{_LAID_OFF}', false) AS laid_off_then,
               {columns}
        FROM entrants e
        JOIN lag_days d ON d.time_zero = e.time_zero
        JOIN at_zero z ON z.entrant = e.entrant
        JOIN measured m ON m.entrant = e.entrant
        JOIN past p ON p.entrant = e.entrant
        LEFT JOIN exits x ON x.entrant = e.entrant
        LEFT JOIN eligible q ON q.person_id = e.person_id AND q.month = e.month
        LEFT JOIN histories o
          ON o.person_id = e.person_id AND o.month = e.origin_month AND {origin}
        LEFT JOIN ({_first_entries()}) c
          ON e.in_pilot AND c.person_id = e.person_id AND c.row_of_person = 1
        ORDER BY e.entrant
    """


def _counted() -> str:
    """Return SQL that counts entrants by what their outcome depends on."""
    known = {
        "month": "e.month",
        "in_pilot": "e.in_pilot",
        "time_zero": "e.time_zero",
        "first_referral": "CASE WHEN e.first_referral <= e.time_zero "
        "THEN e.time_zero END",
        "unemployed_then": "z.unemployed_then",
        "lag_month_0": "d.lag_month_0",
        "found_0": "m.found_0",
        "still_0": "m.still_0",
        "service_0": "m.service_0",
        "laid_off_0": "m.laid_off_0",
        "lost_0": "m.lost_0",
        "in_pool": "m.in_pool",
        "linked": "m.linked",
        "outside": "q.outside",
        "in_snapshot": "q.person_id IS NOT NULL",
    }
    columns = ", ".join(f"{sql} AS {name}" for name, sql in known.items())
    names = ", ".join(known)
    return f"""
        SELECT {names}, count(*) AS people
        FROM (
            SELECT {columns}
            FROM entrants e
            JOIN lag_days d ON d.time_zero = e.time_zero
            JOIN at_zero z ON z.entrant = e.entrant
            JOIN measured m ON m.entrant = e.entrant
            LEFT JOIN eligible q ON q.person_id = e.person_id AND q.month = e.month
        ) s
        GROUP BY {names} ORDER BY {names}
    """


def _first_entries() -> str:
    """Return SQL that numbers each person's rows in the pilot's list, the first 1."""
    return """
        SELECT p.*, row_number() OVER (
            PARTITION BY p.person_id
            ORDER BY coalesce(p.referral_day, p.start_day) NULLS LAST,
                     coalesce(p.start_day, 0), coalesce(p.result, '')
        ) AS row_of_person
        FROM pilot p
    """


def told_of_pilots(register: Register) -> list[str]:
    """Return the plan's own columns of the pilot's list, such as the way of starting.

    A column that the register has too is known for both groups, and is taken there.
    """
    from evalkit.study.columns import PILOT_COLUMNS

    taken = {*PILOT_COLUMNS, *register.protocol.data.columns}
    return [n for n in register.protocol.data.pilot_columns if n not in taken]


def described_by(register: Register) -> list[str]:
    """Return the plan's covariates that are columns of the register itself."""
    from evalkit.study.protocol import HISTORY

    return [n for n in register.protocol.estimate.covariates if n not in HISTORY]
