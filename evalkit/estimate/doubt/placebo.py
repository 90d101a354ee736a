"""Control against control: what the method finds where there is nothing to find."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import checked_level, normal_quantile
from evalkit.estimate.months.clustering import clustered_difference
from evalkit.estimate.months.comparison import are_shares, people_of
from evalkit.estimate.shares.share_intervals import LIMITS, wilson_limits
from evalkit.results import Result

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.months.pooling import PooledDifference

    Array = NDArray[np.float64]

_BOTH = 2  # a stand-in for the pilot, and somebody to compare it with


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlAgainstControl(Result):
    """How often control against control looks like a difference.

    Attributes
    ----------
    table
        One row per month and a last row ``pooled``: month, n_pilot (controls who
        stand in for the pilot), n_control, mean (of the estimates, which should be
        nil), sd (of the estimates), se (their mean standard error; NaN in a month),
        outside (share of intervals that leave zero out), expected (1 - level),
        outside_low, outside_high (where the simulation leaves that share, at `level`).
    splits
        Number of splits.
    level
        Level of the confidence intervals.
    """

    table: pd.DataFrame
    splits: int
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def control_against_control(
    cohort: Cohort,
    *,
    splits: int = 200,
    seed: int = 0,
    outcome: str = "outcome",
    cluster: str = "person",
    level: float | None = None,
) -> ControlAgainstControl:
    """Compare controls with controls, over and over.

    Each month as many controls as the pilot has people, and at most half of them, are
    taken at random to stand in for the pilot. Nothing distinguishes them from the
    rest, so that about one interval in twenty should leave zero out at the 95 %
    level. It checks the interval on this study's own numbers: its month sizes, its
    shares, and the people who recur in it. It says nothing of how the pilot's people
    were chosen.

    Parameters
    ----------
    cohort
        People of both groups with their outcomes; of the pilot only the numbers count.
    splits
        How often the controls are split.
    seed
        Number that decides the splits.
    outcome
        Column of an outcome that is 0 or 1.
    cluster
        Column whose equal values mark rows that depend on each other.
    level
        Level of the confidence intervals. None: the cohort's.

    Returns
    -------
    ControlAgainstControl
        A row for each month (Newcombe's interval) and one for all (clustered).

    Raises
    ------
    EstimationError
        If a column is missing, the outcome is not 0 or 1, there is no split, or no
        month has two controls and one of the pilot.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {"treat": [1] * 40 + [0] * 200, "y": [1, 0] * 20 + [1, 0, 0, 0] * 50}
    ... )
    >>> cohort = Cohort.from_frame(people, group="treat", outcome="y")
    >>> found = control_against_control(cohort).to_frame()
    >>> found[["month", "n_pilot", "n_control", "expected"]].round(2)
        month  n_pilot  n_control  expected
    0     all       40        160      0.05
    1  pooled       40        160      0.05
    >>> (found["outside"] < 0.12).all()
    np.True_
    """
    level = checked_level(cohort.level if level is None else level)
    if splits < 1:
        raise EstimationError(f"`splits` must be at least 1, got {splits}.")
    people = people_of(cohort, outcome, cluster)
    if not are_shares(people["value"]):
        raise EstimationError(
            f"{outcome!r} is not 0 or 1.", hint="Use an outcome that is."
        )
    people = people.dropna(subset="value")
    controls, takes = _controls(people)
    random = np.random.default_rng(seed)
    stand_ins = [_stand_ins(controls, takes, random) for _ in range(splits)]
    pooled = [
        clustered_difference(controls.assign(pilot=s), level=level) for s in stand_ins
    ]
    rows = _month_rows(controls, takes, np.array(stand_ins), level)
    rows.append(_pooled_row(pooled, level))
    return ControlAgainstControl(table=pd.DataFrame(rows), splits=splits, level=level)


def _controls(people: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Return the controls in order of months, and how many stand in for the pilot."""
    pilot = people["pilot"].groupby(people["stratum"])
    pilots, everybody = pilot.sum(), pilot.size()
    takes = pilots.clip(upper=(everybody - pilots) // _BOTH).astype(int)
    takes = takes[takes > 0]
    if takes.empty:
        raise EstimationError(
            "No month has two controls and one of the pilot's people.",
            hint="Follow up more months.",
        )
    used = ~people["pilot"] & people["stratum"].isin(takes.index)
    return people[used].sort_values("stratum", kind="stable", ignore_index=True), takes


def _stand_ins(
    controls: pd.DataFrame, takes: pd.Series, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Choose who stands in for the pilot, month by month."""
    luck = pd.Series(random.random(len(controls)))
    ranks = luck.groupby(controls["stratum"]).rank(method="first")
    return (ranks <= controls["stratum"].map(takes)).to_numpy()


def _month_rows(
    controls: pd.DataFrame, takes: pd.Series, stand_ins: NDArray[np.bool_], level: float
) -> list[dict[str, object]]:
    """Return the rows of the months."""
    rows = []
    for month, n1 in takes.items():
        own = (controls["stratum"] == month).to_numpy()
        value = controls["value"].to_numpy()[own]
        x1 = stand_ins[:, own] @ value
        n0, x0 = value.size - n1, value.sum() - x1
        sizes = np.full(x1.shape, float(n1)), np.full(x1.shape, float(n0))
        limits = LIMITS["newcombe"](x1, sizes[0], x0, sizes[1], normal_quantile(level))
        estimates = x1 / n1 - x0 / n0
        sizes_of = {"month": month, "n_pilot": int(n1), "n_control": int(n0)}
        rows.append(sizes_of | _summary(estimates, math.nan, *limits, level=level))
    return rows


def _pooled_row(pooled: list[PooledDifference], level: float) -> dict[str, object]:
    """Return the row of all months."""
    estimates, ses, low, high = (
        np.array([getattr(one, name) for one in pooled])
        for name in ("estimate", "se", "ci_low", "ci_high")
    )
    sizes = {"n_pilot": pooled[0].n_pilot, "n_control": pooled[0].n_control}
    summary = _summary(estimates, float(ses.mean()), low, high, level=level)
    return {"month": "pooled"} | sizes | summary


def _summary(
    estimates: Array, se: float, low: Array, high: Array, *, level: float
) -> dict[str, object]:
    """Return what the splits show."""
    outside = float(((low > 0) | (high < 0)).sum())
    splits = float(estimates.size)
    bounds = wilson_limits(np.array(outside), np.array(splits), normal_quantile(level))
    return {
        "mean": float(estimates.mean()),
        "sd": float(estimates.std(ddof=1)) if splits > 1 else math.nan,
        "se": se,
        "outside": outside / splits,
        "expected": 1 - level,
        "outside_low": float(bounds[0]),
        "outside_high": float(bounds[1]),
    }
