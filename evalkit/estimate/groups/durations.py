"""The elapsed unemployment of both groups: mean, median, interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.estimate.effect import interval_and_p_value

if TYPE_CHECKING:
    from evalkit.cohort.cohort import Cohort


def duration_table(cohort: Cohort, *, level: float) -> pd.DataFrame | None:
    """Return what is known of ``weeks_before`` in each month and group, then in all.

    None where the cohort does not know it.
    """
    people = cohort.people
    if "weeks_before" not in people.columns:
        return None
    rows = [
        _row(month, group, weeks, level)
        for month, of_month in people.groupby("month", sort=True)
        for group, weeks in _by_group(of_month)
    ]
    rows += [_row("all", group, weeks, level) for group, weeks in _by_group(people)]
    return pd.DataFrame(rows)


def _by_group(people: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    return [
        (group, people["weeks_before"][people["group"] == group])
        for group in ("pilot", "control")
    ]


def _row(
    month: object, group: str, weeks: pd.Series, level: float
) -> dict[str, object]:
    """Return mean and median with the t interval of the mean."""
    known = weeks.dropna().to_numpy(float)
    n = len(known)
    mean = float(known.mean()) if n else math.nan
    se = float(known.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    ci_low, ci_high, _ = interval_and_p_value(mean, se, level=level, df=max(n - 1, 1))
    return {
        "month": month,
        "group": group,
        "n": n,
        "n_missing": len(weeks) - n,
        "mean": mean,
        "ci_low": ci_low,
        "ci_high": ci_high,
        "median": float(np.median(known)) if n else math.nan,
        "level": level,
    }
