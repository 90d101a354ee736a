"""When people leave unemployment, in whole weeks, and where to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.cohort.histories import slack
from evalkit.register.engine import literal
from evalkit.study.codes import CODE_ROUTES, EXIT_ROUTES
from evalkit.study.months import counting_day
from evalkit.study.protocol import DAYS_A_WEEK

if TYPE_CHECKING:
    import pandas as pd

    from evalkit.register.register import Register
    from evalkit.study.protocol import RegisterRules


def exits(register: Register) -> str:
    """Return SQL for the first exit from unemployment after time zero.

    The end of the spell, or the first look that finds the person registered under a
    code other than unemployed; no row where neither was seen.
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


def unknown_exits(register: Register) -> str:
    """Return the reasons after which nobody knows more, as a list for SQL's ``IN``."""
    reasons = register.protocol.register_.unknown_exits
    return f"({', '.join(map(literal, reasons)) or 'NULL'})"


def whole_weeks(register: Register) -> str:
    """Return SQL for ``weeks_before`` and ``weeks_seen``, and whether they ``exited``.

    Weeks to an exit are counted up (it happens within its week), weeks without one
    down, to the register's end. Deaths and moves end the observation without an exit.
    """
    end = counting_day(register.months[-1], register.protocol.register_.counting_day)
    return f"""
        SELECT w.entrant, w.exited,
               CAST(floor(w.before) AS INTEGER) AS weeks_before,
               CASE WHEN NOT w.linked THEN NULL
                    WHEN w.exited THEN greatest(CAST(ceil(w.after) AS INTEGER), 1)
                    ELSE greatest(CAST(floor(w.after) AS INTEGER), 0)
               END AS weeks_seen
        FROM (
            SELECT e.entrant, z.linked,
                   (e.time_zero - z.began) / {DAYS_A_WEEK}.0 AS before,
                   (coalesce(x.exit_day, {end}) - e.time_zero) / {DAYS_A_WEEK}.0
                       AS after,
                   coalesce(x.exit_reason NOT IN {unknown_exits(register)},
                            x.entrant IS NOT NULL) AS exited
            FROM entrants e
            JOIN at_zero z ON z.entrant = e.entrant
            LEFT JOIN exits x ON x.entrant = e.entrant
        ) w
    """


def durations(register: Register, found: pd.DataFrame) -> dict[str, pd.Series]:
    """Return weeks after time zero, whether they ended in an exit, and where to.

    The plan's `censor_weeks` of unemployment end the observation without an exit.
    """
    weeks, exited = found["weeks_seen"].astype(float), found["exited"]
    limit = register.protocol.follow_up.censor_weeks
    if limit is not None:
        most = (limit - found["weeks_before"].astype(float)).clip(lower=0)
        exited = exited & ~(weeks >= most)
        weeks = weeks.mask(weeks > most, most)
    routes = _routes(register.protocol.register_, found)
    return {"weeks": weeks, "exited": exited, "exit_to": routes.where(exited)}


def _routes(rules: RegisterRules, found: pd.DataFrame) -> pd.Series:
    by_reason = found["reason_of_exit"].map({**EXIT_ROUTES, **rules.exit_routes})
    services = {code: CODE_ROUTES.get(code, "service") for code in rules.services}
    by_code = found["exit_code"].map({**CODE_ROUTES, **services})
    by_code = by_code.mask(by_code.isna() & _true(found["exit_in_service"]), "service")
    return by_code.where(_true(found["by_code"]), by_reason).fillna("unknown")


def _true(column: pd.Series) -> pd.Series[bool]:
    """Return where a column is true; missing (no exit was seen) is not."""
    return column.eq(1)
