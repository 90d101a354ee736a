"""What unknown outcomes could make of the difference: bounds and their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import checked_level, normal_quantile
from evalkit.estimate.months.clustering import strata_of
from evalkit.estimate.months.comparison import are_shares, compare, people_of
from evalkit.estimate.shares.roots import falling_root
from evalkit.estimate.shares.share_intervals import LIMITS
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.months.clustering import Strata

    Array = NDArray[np.float64]
    Quantiles = Callable[["Pair", float], tuple[float, float]]

Interval = Literal["stoye", "imbens-manski"]

_FAR = 9.0  # a normal variable does not come so far
_AS_GOOD_AS_ONE = 1 - 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bounds(Result):
    """Between which limits the difference lies, whatever the unknown outcomes are.

    Attributes
    ----------
    table
        One row per month and a last row ``pooled``: month, estimate (with the unknown
        left out), low, high (the bounds), ci_low, ci_high (an interval that holds the
        true difference, wherever between the bounds it lies, at `level`), n_pilot,
        n_control (all people, the unknown too), unknown_pilot, unknown_control, level,
        method, note.
    level
        Level of the confidence intervals.
    """

    table: pd.DataFrame
    level: float

    def to_frame(self) -> pd.DataFrame:
        """Return the table (a copy)."""
        return self.table.copy()


def worst_case_bounds(
    cohort: Cohort,
    *,
    outcome: str = "outcome",
    interval: Interval = "stoye",
    cluster: str = "person",
    level: float | None = None,
) -> Bounds:
    r"""Bound the difference without any assumption about the unknown outcomes.

    Leaving unknown outcomes out assumes that they are like the known ones of the same
    group and month. Here nothing is assumed [1]_: at the lower bound every unknown
    person of the pilot is still unemployed and every unknown control is not; at the
    upper one it is the other way about. Nobody claims that either is likely; if the
    conclusion stands between them, it stands.

    Parameters
    ----------
    cohort
        People of both groups; the outcome is NaN where it is unknown.
    outcome
        Column of an outcome that is 0 or 1.
    interval
        ``"stoye"``: the interval of [3]_, from the standard errors of both bounds and
        their correlation. ``"imbens-manski"``: that of [2]_, which neglects the
        correlation; right here too, because the upper bound is never estimated to lie
        below the lower one.
    cluster
        Column whose equal values mark rows that depend on each other.
    level
        Level of the confidence intervals. None: the cohort's.

    Returns
    -------
    Bounds
        A row for each month and one for all.

    Raises
    ------
    EstimationError
        If a column is missing, the outcome is not 0 or 1, or `interval` is unknown.

    Notes
    -----
    With estimated bounds :math:`\hat\theta_l, \hat\theta_u`, standard errors
    :math:`s_l, s_u` and :math:`\hat\Delta = \hat\theta_u - \hat\theta_l`, Imbens and
    Manski take :math:`[\hat\theta_l - c s_l, \hat\theta_u + c s_u]` with

    .. math::
        \Phi\Big(c + \frac{\hat\Delta}{\max(s_l, s_u)}\Big) - \Phi(-c) = 1 - \alpha.

    Stoye chooses :math:`c_l, c_u` that make :math:`c_l s_l + c_u s_u` smallest while
    the interval covers either bound with :math:`1 - \alpha`:

    .. math::
        P\big(-c_l \le z,\ \rho z + \sqrt{1 - \rho^2} z' \le c_u +
        \hat\Delta / s_u\big) \ge 1 - \alpha,

    and the same from the other side. Where all is known, both are the two-sided
    normal quantile; where the bounds are far apart, the one-sided one. In a month the
    limits are Newcombe's at that quantile, so that without unknown outcomes the
    interval is that of `compare`; pooled, the standard errors are clustered.

    References
    ----------
    .. [1] Horowitz JL, Manski CF (2000). Nonparametric analysis of randomized
       experiments with missing covariate and outcome data. Journal of the American
       Statistical Association 95, 77-84.
    .. [2] Imbens GW, Manski CF (2004). Confidence intervals for partially identified
       parameters. Econometrica 72, 1845-1857.
    .. [3] Stoye J (2009). More on confidence intervals for partially identified
       parameters. Econometrica 77, 1299-1315.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1] * 20 + [0] * 20,
    ...         "y": [1.0] * 12 + [0] * 6 + [None] * 2 + [1] * 8 + [0] * 12,
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(people, group="treat", outcome="y")
    >>> bounds = worst_case_bounds(cohort).to_frame()
    >>> bounds[["month", "estimate", "low", "high", "ci_low", "ci_high"]].round(3)
        month  estimate  low  high  ci_low  ci_high
    0     all     0.267  0.2   0.3  -0.069    0.517
    1  pooled     0.267  0.2   0.3  -0.072    0.564
    """
    if interval not in _QUANTILES:
        raise EstimationError(
            f"`interval` is unknown: {interval!r}.",
            hint=f"Choose {', '.join(_QUANTILES)}.",
        )
    level = checked_level(cohort.level if level is None else level)
    people = people_of(cohort, outcome, cluster)
    if not are_shares(people["value"]):
        raise EstimationError(
            f"{outcome!r} is not 0 or 1, and has no worst case.",
            hint="Bound an outcome that a person has or has not.",
        )
    left_out = compare(cohort, outcome=outcome, cluster=cluster, level=level).table
    table = _counts(people).merge(left_out[["month", "estimate"]], on="month")
    table = table.merge(_bounds(people, _QUANTILES[interval], level), how="left")
    table = table.assign(level=level, method=interval)
    table["note"] = np.where(table["low"].isna(), "one group is empty", "")
    return Bounds(table=table[_COLUMNS], level=level)


_COLUMNS = [
    "month", "estimate", "low", "high", "ci_low", "ci_high", "n_pilot", "n_control",
    "unknown_pilot", "unknown_control", "level", "method", "note",
]  # fmt: skip


def _counts(people: pd.DataFrame) -> pd.DataFrame:
    """Return people and unknown outcomes of both groups, by month and in all."""
    unknown = people["value"].isna()
    groups = (("pilot", people["pilot"]), ("control", ~people["pilot"]))
    flags = {f"n_{name}": rows for name, rows in groups}
    flags |= {f"unknown_{name}": rows & unknown for name, rows in groups}
    counts = pd.DataFrame(flags).groupby(people["stratum"]).sum()
    both = counts[(counts["n_pilot"] > 0) & (counts["n_control"] > 0)]
    counts.loc["pooled"] = both.sum()
    return counts.rename_axis("month").reset_index()


def _bounds(people: pd.DataFrame, quantiles: Quantiles, level: float) -> pd.DataFrame:
    """Return the bounds and their intervals of each month with both groups, and all."""
    strata = strata_of(_filled(people))
    half = len(strata.used) // 2
    used = strata.used.iloc[:half]
    if not half:
        return pd.DataFrame({"month": ["pooled"], "low": [math.nan]}).reindex(
            columns=["month", "low", "high", "ci_low", "ci_high"]
        )
    weights = used["weight"].to_numpy() / used["weight"].sum()
    months = sorted(people["stratum"].unique())
    rows = []
    for place, number in enumerate(used.index):
        pair = _pair(strata, np.eye(half)[place])
        limits = _month_limits(
            strata.used.iloc[[place, half + place]], pair, quantiles, level
        )
        rows.append((months[number], pair.low, pair.high, *limits))
    pair = _pair(strata, weights)
    c_low, c_high = quantiles(pair, level)
    limits = pair.low - c_low * pair.se_low, pair.high + c_high * pair.se_high
    rows.append(("pooled", pair.low, pair.high, *limits))
    return pd.DataFrame(rows, columns=["month", "low", "high", "ci_low", "ci_high"])


def _filled(people: pd.DataFrame) -> pd.DataFrame:
    """Return everybody twice: as at the lower bound, then as at the upper one."""
    months = people.groupby("stratum").ngroup()
    at_low = people["value"].fillna((~people["pilot"]).astype(float))
    at_high = people["value"].fillna(people["pilot"].astype(float))
    return pd.concat(
        [
            people.assign(value=at_low, stratum=months),
            people.assign(value=at_high, stratum=months + months.max() + 1),
        ],
        ignore_index=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both bounds of one difference, their standard errors and correlation."""

    low: float
    high: float
    se_low: float
    se_high: float
    correlation: float


def _pair(strata: Strata, weights: Array) -> Pair:
    """Return the bounds of the months' weighted difference."""
    both = np.kron(np.eye(2), weights)
    low, high = both @ strata.differences
    covariance = both @ strata.covariance @ both.T
    se_low, se_high = np.sqrt(np.diag(covariance))
    scale = se_low * se_high
    return Pair(
        low=float(low),
        high=float(high),
        se_low=float(se_low),
        se_high=float(se_high),
        correlation=float(min(covariance[0, 1] / scale, 1.0)) if scale > 0 else 1.0,
    )


def _month_limits(
    cells: pd.DataFrame, pair: Pair, quantiles: Quantiles, level: float
) -> tuple[float, float]:
    """Return Newcombe's lower limit of the lower bound and upper one of the upper."""
    n1, n0 = cells["n_pilot"].to_numpy(float), cells["n_control"].to_numpy(float)
    x1 = np.round(n1 * cells["mean_pilot"].to_numpy())
    x0 = np.round(n0 * cells["mean_control"].to_numpy())
    z = np.array(quantiles(pair, level))
    low, high = LIMITS["newcombe"](x1, n1, x0, n0, z)
    return float(low[0]), float(high[1])


def imbens_manski_quantiles(pair: Pair, level: float) -> tuple[float, float]:
    """Return Imbens and Manski's critical value, for either end."""
    from scipy.special import ndtr

    widest = max(pair.se_low, pair.se_high)
    width = (pair.high - pair.low) / widest if widest > 0 else 0.0

    def short(c: Array) -> Array:
        return np.asarray(level - (ndtr(c + width) - ndtr(-c)))

    c = float(falling_root(short, [0.0], [_FAR])[0])
    return c, c


def stoye_quantiles(pair: Pair, level: float) -> tuple[float, float]:
    """Return the critical values that make Stoye's interval shortest.

    For a lower one the upper one has to be at least what either bound's coverage
    asks for; the best lower one is searched for.
    """
    from scipy.optimize import brentq, minimize_scalar

    if min(pair.se_low, pair.se_high) <= 0 or pair.correlation > _AS_GOOD_AS_ONE:
        return imbens_manski_quantiles(pair, level)
    one_sided = normal_quantile(2 * level - 1)
    width = pair.high - pair.low

    def c_high(c_low: float) -> float:
        def short(c: float) -> float:
            of_low = _chance(c_low, c + width / pair.se_high, pair.correlation)
            of_high = _chance(c, c_low + width / pair.se_low, pair.correlation)
            return level - min(of_low, of_high)

        if short(one_sided) <= 0:
            return one_sided
        reachable = short(_FAR) < 0
        return float(brentq(short, one_sided, _FAR, xtol=1e-13)) if reachable else _FAR

    best = minimize_scalar(
        lambda c_low: c_low * pair.se_low + c_high(c_low) * pair.se_high,
        bounds=(one_sided, normal_quantile(level) + 1),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(best.x), c_high(float(best.x))


def _chance(a: float, b: float, correlation: float) -> float:
    """Return P(-a <= z, z' <= b), both above zero, of correlated normal variables.

    One minus both tails, plus what lies in both, by Owen's T.
    """
    from scipy.special import ndtr, owens_t

    apart = math.sqrt(1 - correlation**2)
    slope_a = (b + correlation * a) / (-a * apart)
    slope_b = (-a - correlation * b) / (b * apart)
    both = (ndtr(-a) + ndtr(b) - 1) / 2 - owens_t(-a, slope_a) - owens_t(b, slope_b)
    return float(ndtr(b) - both)


_QUANTILES: dict[str, Quantiles] = {
    "stoye": stoye_quantiles,
    "imbens-manski": imbens_manski_quantiles,
}
