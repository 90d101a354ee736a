"""An outcome that the pilot cannot have changed: unemployment long before it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.cohort.histories import slack
from evalkit.errors import EstimationError
from evalkit.study.months import counting_day
from evalkit.study.protocol import DAYS_A_WEEK, HISTORY

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort
    from evalkit.register.register import Register

FIRST_MONTH, LAST_MONTH = 36, 13
"""Months before time zero between which the placebo outcome looks."""

_READS_THE_PAST = set(HISTORY) - {"weeks_before", "laid_off"}


def with_placebo(cohort: Cohort, register: Register) -> Cohort:
    """Add the column ``placebo``: unemployment 13-36 months before time zero.

    The share of the snapshots between 36 and 13 months before time zero, and before
    the present spell began, that show the person unemployed. Neither the referral nor
    the service can have changed it. A method that finds a difference in it all the
    same has not made the groups comparable [1]_; a method that finds none may still
    fail in what the register does not show.

    Parameters
    ----------
    cohort
        What `follow_up` returned.
    register
        The register that it came from.

    Returns
    -------
    Cohort
        The same people with ``placebo`` (NaN where no snapshot reaches back before
        the present spell), whose covariates no longer hold the history of the last 24
        months: it reads some of the same snapshots, and adjusting for it would take
        away what is to be tested. Use it as ``outcome="placebo"``.

    Raises
    ------
    EstimationError
        If the cohort did not come from a register.

    References
    ----------
    .. [1] Imbens GW, Rubin DB (2015). Causal Inference for Statistics, Social, and
       Biomedical Sciences, chapter 21: assessing unconfoundedness. Cambridge.

    Examples
    --------
    >>> import evalkit as ek
    >>> from evalkit.examples.small import small_register
    >>> register = small_register()
    >>> draws = [ek.draw_controls(register, month) for month in ["2021-09", "2021-10"]]
    >>> cohort = with_placebo(ek.follow_up(register, draws), register)
    >>> comparison = ek.compare(cohort, outcome="placebo")
    >>> -1 < comparison.pooled.estimate < 1
    True
    """
    people = cohort.people
    if not {"time_zero", "weeks_before"} <= set(people.columns):
        raise EstimationError(
            "Only a cohort that `follow_up` made has a placebo outcome.",
            hint="Without a register, compare any outcome from before time zero.",
        )
    windows = _windows(people, register)
    seen = _months_unemployed(register, windows)
    looks = _looks(register, windows)
    placebo = (seen / looks.where(looks > 0)).where(people["weeks_before"].notna())
    kept = tuple(c for c in cohort.covariates if c not in _READS_THE_PAST)
    unknown = int(placebo.isna().sum())
    return dataclasses.replace(
        cohort,
        people=people.assign(placebo=placebo),
        covariates=kept,
        notes=(*cohort.notes, *_notes(unknown, len(people))),
    )


def _windows(people: pd.DataFrame, register: Register) -> pd.DataFrame:
    """Return each row's first and last month, and the day before which it looks.

    The present spell began at most a week before its whole weeks say.
    """
    zero = people["time_zero"]
    month = 12 * zero.dt.year + zero.dt.month - 1
    day = (zero - pd.Timestamp("1970-01-01")).dt.days
    weeks = people["weeks_before"].fillna(0)
    began = day - DAYS_A_WEEK * (weeks + 1) + 1 - slack(register)
    return pd.DataFrame(
        {
            "row_number": np.arange(len(people)),
            "person_id": people["person"],
            "first_month": month - FIRST_MONTH,
            "last_month": month - LAST_MONTH,
            "before_day": began,
        }
    ).astype(dict.fromkeys(("first_month", "last_month", "before_day"), "int32"))


def _months_unemployed(register: Register, windows: pd.DataFrame) -> pd.Series:
    """Return in how many snapshots each row was unemployed, in its order."""
    register.engine.upload("placebo_windows", windows)
    found = register.engine.frame(
        """
        SELECT w.row_number,
               count(DISTINCT CASE WHEN s.registered AND s.unemployed
                                    AND s.registration_day < w.before_day
                                   THEN s.month END) AS months
        FROM placebo_windows w
        LEFT JOIN snapshots s ON s.person_id = w.person_id
         AND s.month BETWEEN w.first_month AND w.last_month
        GROUP BY w.row_number ORDER BY w.row_number
        """
    )
    return found["months"].astype(float)


def _looks(register: Register, windows: pd.DataFrame) -> pd.Series:
    """Return how many snapshots of each row's window precede its present spell."""
    rule = register.protocol.register_.counting_day
    looks = pd.Series(0, index=windows.index)
    for month in register.months:
        looks += (
            windows["first_month"].le(month)
            & windows["last_month"].ge(month)
            & windows["before_day"].gt(counting_day(month, rule))
        )
    return looks


def _notes(unknown: int, rows: int) -> list[str]:
    if not unknown:
        return []
    text = (
        f"The placebo outcome of {unknown} of {rows} rows is unknown: no snapshot "
        "reaches back before their present spell."
    )
    return [text]
