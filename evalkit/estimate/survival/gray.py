"""Gray's test: whether a route's cumulative incidence is the same in both groups."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evalkit.estimate.survival.histories import Histories
from evalkit.estimate.survival.incidence import cumulative_incidence, ratio, tie_factor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from evalkit.estimate.survival.durations import Durations
    from evalkit.estimate.survival.risk_sets import RiskSets

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrayScore:
    """The score of Gray's test in one stratum.

    Attributes
    ----------
    score
        Exits of the pilot group by the route, less those expected if the incidence
        were the same.
    variance
        Of the score, for independent rows.
    own, other
        What an exit by the route, and by another, does to the score beyond what was
        to be expected: group x week.
    """

    score: float
    variance: float
    own: Array
    other: Array


def gray_score(at_risk: Array, exits: Array, others: Array) -> GrayScore:
    r"""Return the score of Gray's test [1]_ for two groups, with rho = 0.

    Parameters
    ----------
    at_risk
        People at risk, everybody from week 1: group x week, the pilot group first.
    exits, others
        Those who leave by the route that is tested, and by any other: group x week.

    Returns
    -------
    GrayScore
        Scores and variances of strata add up; score squared over variance is
        chi-squared with one degree of freedom.

    Notes
    -----
    Let :math:`F_k` be the incidence and :math:`S_k` the share still unemployed in
    group k, :math:`H_k = Y_k / S_k(t-)`, :math:`R_k = H_k (1 - F_k(t-))`, and f the
    incidence of both groups together, :math:`df = d / H`. A dot is a sum over groups.
    The score is

    .. math::
        z = \sum_t \Big[ d_1(t) - d_.(t) \frac{R_1(t)}{R_.(t)} \Big].

    With :math:`a_k = H_1 (1\{k = 1\} - H_k / H_.)`,
    :math:`c_k(t) = \sum_{s \le t} a_k d_. / [H_. (1 - f(s-))]`, and
    :math:`e_k(t) = (c_k(\infty) - c_k(t))`, its variance is

    .. math::
        \sum_k \sum_t \Big[ a_k + \Big(1 - \frac{1 - f}{S_k}\Big) e_k \Big]^2
        \frac{S_k(t-)\, d_.}{H_. Y_k}
        + \Big[ \frac{1 - f}{S_k} e_k \Big]^2
        \frac{S_k(t-)^2\, \bar d_k}{Y_k^2},

    each exit part with the factor of ties of `Incidence.variance`, as in the R package
    cmprsk.

    References
    ----------
    .. [1] Gray RJ (1988). A class of K-sample tests for comparing the cumulative
       incidence of a competing risk. Annals of Statistics 16, 1141-1154.

    Examples
    --------
    >>> found = gray_score(
    ...     np.array([[4.0, 3, 1], [5, 4, 2]]),
    ...     np.array([[1.0, 1, 0], [0, 1, 1]]),
    ...     np.array([[0.0, 1, 1], [1, 1, 0]]),
    ... )
    >>> print(f"{found.score:.4f} {found.variance:.4f}")
    0.4722 0.8458
    """
    groups = cumulative_incidence(at_risk, np.stack([exits, others], axis=1))
    left_before = _lagged(groups.incidence[:, 0])
    all_exits = exits.sum(axis=0)
    standing = ratio(at_risk, groups.before)
    everybody = standing.sum(axis=0)
    pooled = np.cumsum(ratio(all_exits, everybody))

    compared = standing * (1 - left_before)
    expected = ratio(all_exits * compared[0], compared.sum(axis=0))
    first = np.array([[1.0], [0.0]])
    apart = standing[0] * (first - ratio(standing, everybody))
    weight = ratio(all_exits, everybody * (1 - _lagged(pooled)))
    so_far = np.cumsum(apart * weight, axis=1)
    later = so_far[:, -1:] - so_far
    through = ratio(1 - pooled, groups.after)
    own, other = apart + (1 - through) * later, -through * later

    chance = ratio(groups.before, at_risk)
    own_variance = ratio(chance * all_exits, everybody)
    own_variance *= 1 - ratio(
        np.maximum(all_exits - 1, 0), everybody * groups.before - 1
    )
    other_variance = chance**2 * others * tie_factor(others, at_risk)
    return GrayScore(
        score=float((exits[0] - expected).sum()),
        variance=float((own**2 * own_variance + other**2 * other_variance).sum()),
        own=own * chance,
        other=other * chance,
    )


def _lagged(share: Array) -> Array:
    """Return what held before each week, nothing before the first."""
    return np.concatenate([np.zeros_like(share[..., :1]), share[..., :-1]], axis=-1)


def gray_tests(durations: Durations, sets: RiskSets, *, recur: bool) -> pd.DataFrame:
    """Return the test of each route, over the strata of the durations.

    Parameters
    ----------
    durations
        Rows that are all at risk from week 1, without weights.
    sets
        Their risk sets by stratum and route.
    recur
        Whether people have several rows: the variance is then that of the people's
        sums, with the factor G / (G - 1).

    Returns
    -------
    DataFrame
        exit_to, statistic, df, p_value; NaN where nothing varies.
    """
    histories = Histories.of(durations, by_stratum=True) if recur else None
    rows = []
    for number, route in enumerate(durations.routes):
        scores = _by_stratum(sets.at_risk, sets.routes, number)
        score = sum(one.score for one in scores.values())
        variance = sum(one.variance for one in scores.values())
        if histories is not None:
            variance = _clustered(histories, scores, sets, number)
        rows.append(_test(route, score, variance))
    return pd.DataFrame(rows)


def no_gray_tests(routes: Iterable[str]) -> pd.DataFrame:
    """Return the table of tests that cannot be made."""
    return pd.DataFrame([_test(route, math.nan, math.nan) for route in routes])


def _test(route: str, score: float, variance: float) -> dict[str, object]:
    from scipy.special import chdtrc

    statistic = score**2 / variance if variance > 0 else math.nan
    p_value = float(chdtrc(1, statistic))
    return {"exit_to": route, "statistic": statistic, "df": 1, "p_value": p_value}


def _by_stratum(at_risk: Array, routes: Array, route: int) -> dict[int, GrayScore]:
    """Return the scores of the strata that have both groups."""
    exits = routes[:, route]
    others = routes.sum(axis=1) - exits
    both = [
        (number, slice(first, first + 2))
        for number, first in enumerate(range(0, len(at_risk), 2))
        if at_risk[first : first + 2].any(axis=1).all()
    ]
    return {
        number: gray_score(at_risk[cells], exits[cells], others[cells])
        for number, cells in both
    }


def _clustered(
    histories: Histories,
    scores: dict[int, GrayScore],
    sets: RiskSets,
    route: int,
) -> float:
    """Return the variance of the sum of scores, the rows of a person kept together."""
    jump = np.zeros(sets.routes.shape)
    for stratum, one in scores.items():
        cells = slice(2 * stratum, 2 * stratum + 2)
        jump[cells] = one.other[:, None]
        jump[cells, route] = one.own
    hazard = ratio(sets.routes, sets.at_risk[:, None])
    influence = histories.total(jump, hazard)[:, None]
    return float(histories.covariance(influence, influence)[0])
