"""The pooled row that follows from the published periods, and from nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evalkit.estimate.effect import interval_and_p_value, joined
from evalkit.estimate.months.pooling import pooled_difference
from evalkit.report.release.periods import EVENTS, SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    Row = Mapping[str, Any]
    Report = Mapping[tuple[str, ...], Row]

POOLED = ("pooled",)
"""Where an earlier report has its pooled row."""

_TWENTIETHS, _ROUNDING = 20, 1e-6


def design_effect(months: pd.DataFrame, se: float) -> float:
    """Return how many times Sato's standard error the people's is, to a twentieth up.

    Coarse, since the months behind a period are in both of them.
    """
    independent = pooled_difference(months.rename(columns={"month": "stratum"})).se
    ratio = se / independent if independent > 0 and se > 0 else 1.0
    return float(np.ceil(max(ratio, 1.0) * _TWENTIETHS - _ROUNDING) / _TWENTIETHS)


def pooled_again(periods: pd.DataFrame, last: Row, effect: float) -> dict[str, Any]:
    """Return the pooled numbers of the published periods.

    The standard error is that of their counts, times the design effect.
    """
    counts = periods.rename(columns={"month": "stratum"})
    pooled = pooled_difference(counts, level=last["level"])
    used = periods[(periods[SIZES] > 0).all(axis=1)]
    se = pooled.se * effect
    low, high, p_value = interval_and_p_value(pooled.estimate, se, level=pooled.level)
    return sums_of(used, [*SIZES, *EVENTS]) | {
        "pilot": pooled.pilot,
        "control": pooled.control,
        "estimate": pooled.estimate,
        "se": se,
        "ci_low": low,
        "ci_high": high,
        "p_value": p_value,
        "n_people": np.nan if periods["changed"].any() else last["n_people"],
        "n_unknown": periods["n_unknown"].sum(min_count=len(periods)),
        "note": joined(str(last["note"]), "of the published periods"),
    }


def sums_of(rows: pd.DataFrame, names: list[str]) -> dict[str, Any]:
    """Return sums over rows; NaN where a number is not known."""
    return {name: rows[name].sum(skipna=False) for name in names}


def few_more_recur(last: Row, earlier: Sequence[Report], min_cell: int) -> bool:
    """Tell whether few more people are counted twice than in an earlier report."""
    rows = [report[POOLED] for report in earlier if POOLED in report]
    twice = [sum(row[name] for name in SIZES) - row["n_people"] for row in rows]
    now = sum(last[name] for name in SIZES) - last["n_people"]
    return any(0 < abs(now - before) < min_cell for before in twice)
