"""What the register says of each entrant: at time zero, at the lags, and until when.

Everything is aggregated from ``entrants`` and ``histories``, one row per entrant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cohort.exits import exits, unknown_exits, whole_weeks
from evalkit.cohort.histories import HISTORY_MONTHS
from evalkit.study.months import month_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from evalkit.register.register import Register
    from evalkit.study.protocol import Lag

_LAID_OFF = "03"

_BY_TIME_ZERO = """entrants e
        JOIN lag_days d ON d.time_zero = e.time_zero
        JOIN at_zero z ON z.entrant = e.entrant
        LEFT JOIN eligible q ON q.person_id = e.person_id AND q.month = e.month"""

_CRITERIA = {
    "in_pilot": "e.in_pilot",
    "unemployed_then": "z.unemployed_then",
    "referred_then": "coalesce(e.first_referral <= e.time_zero, false)",
    "outside": "q.outside",
    "in_snapshot": "q.person_id IS NOT NULL",
    "linked": "z.linked",
}
"""What decides whether an entrant is followed, as SQL."""

_STATES = {
    "lag_month_0": "d.lag_month_0",
    "in_pool": "m.in_pool",
    **{
        name: f"m.{name}"
        for name in ("found_0", "still_0", "service_0", "laid_off_0", "lost_0")
    },
}
"""What the outcome at the plan's lag depends on."""

_DURATIONS = {
    "weeks_before": "w.weeks_before",
    "weeks_seen": "w.weeks_seen",
    "exited": "w.exited",
    "by_code": "x.by_code",
    "reason_of_exit": "x.exit_reason",
    "exit_code": "x.exit_code",
    "exit_in_service": "x.exit_in_service",
}
"""What weeks and exit routes depend on."""


def look_up(register: Register) -> pd.DataFrame:
    """Return one row per entrant with all that was looked up, in entrants' order."""
    lags = [register.protocol.follow_up.lag, *register.protocol.follow_up.further_lags]
    _look_up_time_zero(register, lags)
    register.engine.table("measured", _measured(register, lags))
    register.engine.table("exits", exits(register))
    register.engine.table("past", _past(register))
    return register.engine.frame(_joined(register, lags))


def count_states(register: Register) -> pd.DataFrame:
    """Return how many entrants are alike in all that their outcome depends on.

    The columns that `look_up` has for it, and ``people``.
    """
    lags = [register.protocol.follow_up.lag]
    _look_up_time_zero(register, lags)
    register.engine.table("measured", _measured(register, lags))
    states = "JOIN measured m ON m.entrant = e.entrant"
    return register.engine.frame(_counted(_STATES, states))


def count_weeks(register: Register) -> pd.DataFrame:
    """Return how many entrants are alike in all that their durations depend on.

    The columns that `look_up` has for it, and ``people``.
    """
    _look_up_time_zero(register, [register.protocol.follow_up.lag])
    register.engine.table("exits", exits(register))
    return register.engine.frame(_counted(_DURATIONS, _with_exits(register)))


def _look_up_time_zero(register: Register, lags: list[Lag]) -> None:
    """Make the tables of the lags' days and of the state at time zero."""
    register.engine.upload("lag_days", _lag_days(register, lags))
    register.engine.table("at_zero", _at_zero(register))


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
                   count(h.person_id) > 0 AS linked,
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
               count(h.person_id) > 0 AS linked,
               coalesce(
                   max(CASE WHEN {covers} THEN h.registration_day END),
                   max(CASE WHEN {origin} THEN h.registration_day END)
               ) AS began
        FROM entrants e JOIN lag_days d ON d.time_zero = e.time_zero
        LEFT JOIN histories h ON h.person_id = e.person_id
        GROUP BY e.entrant
    """


def _measured(register: Register, lags: list[Lag]) -> str:
    """Return SQL for the state at each lag, numbered from 0 (the plan's first)."""
    laid_off = f"h.employment_code = '{_LAID_OFF}'"
    unknown = unknown_exits(register)
    columns = []
    for number, _ in enumerate(lags):
        day, month = f"d.lag_day_{number}", f"d.lag_month_{number}"
        covers = _covers(register, day, month)
        lost = (
            f"h.last_day BETWEEN e.time_zero AND {day} AND h.exit_reason IN {unknown}"
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
                   AS in_pool
        FROM entrants e JOIN lag_days d ON d.time_zero = e.time_zero
        LEFT JOIN histories h ON h.person_id = e.person_id
        GROUP BY e.entrant
    """


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
    at_lags = [
        f"{prefix}.{name}_{number}"
        for number, _ in enumerate(lags)
        for prefix, name in (
            ("d", "lag_day"), ("d", "lag_month"), ("m", "found"), ("m", "still"),
            ("m", "service"), ("m", "laid_off"), ("m", "lost"),
        )
    ]  # fmt: skip
    described = [f'o."{name}"' for name in described_by(register)]
    described += [f'c."{name}"' for name in told_of_pilots(register)]
    columns = ", ".join(
        [_selected(_CRITERIA), _selected(_DURATIONS), *at_lags, *described]
    )
    return f"""
        SELECT e.person_id, e.month, e.time_zero, e.start_day, e.first_referral,
               m.in_pool, p.months_unemployed_24, p.spells_24, p.services_24,
               coalesce(o.employment_code = '{_LAID_OFF}', false) AS laid_off_then,
               {columns}
        FROM {_BY_TIME_ZERO}
        {_with_exits(register)}
        JOIN measured m ON m.entrant = e.entrant
        JOIN past p ON p.entrant = e.entrant
        LEFT JOIN histories o
          ON o.person_id = e.person_id AND o.month = e.origin_month AND {origin}
        LEFT JOIN ({_first_entries()}) c
          ON e.in_pilot AND c.person_id = e.person_id AND c.row_of_person = 1
        ORDER BY e.entrant
    """


def _counted(columns: Mapping[str, str], joined: str) -> str:
    """Return SQL that counts entrants who are alike in the criteria and in columns."""
    chosen = {**_CRITERIA, **columns}
    names = ", ".join(chosen)
    return f"""
        SELECT {names}, count(*) AS people
        FROM (SELECT {_selected(chosen)} FROM {_BY_TIME_ZERO} {joined}) s
        GROUP BY {names} ORDER BY {names}
    """


def _selected(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {name}" for name, sql in columns.items())


def _with_exits(register: Register) -> str:
    """Return SQL that joins the exits and the whole weeks until then."""
    return f"""
        JOIN ({whole_weeks(register)}) w ON w.entrant = e.entrant
        LEFT JOIN exits x ON x.entrant = e.entrant
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
