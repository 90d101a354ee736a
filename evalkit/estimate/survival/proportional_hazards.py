"""Whether a hazard ratio is constant: the check of proportional hazards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from evalkit.errors import EstimationError
from evalkit.estimate.effect import joined, normal_quantile
from evalkit.estimate.survival.cox_model import CoxModel, recur_or_are_weighted
from evalkit.estimate.survival.risk_sets import risk_sets
from evalkit.results import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Clock

    Array = NDArray[np.float64]

Transform = Literal["km", "identity", "log"]
ALL_TERMS = "all"
"""Name of the test of all terms together."""

_KNOTS = (0.0, 1 / 3, 2 / 3, 1.0)  # quantiles of the exits' weeks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProportionalHazards(Result):
    """Tests of constant hazard ratios, and how the ratios went.

    Attributes
    ----------
    table
        ``term, statistic, df, p_value``: one row for each term, ``pilot`` first, and
        one for ``all``.
    residuals
        ``term, weeks, exits, residual``: scaled Schoenfeld residuals, the mean of each
        week, with the coefficient added: what that week alone says of it.
    trend
        ``term, weeks, coef, ci_low, ci_high``: a smooth line through the residuals.
    coefficients
        ``term, coef``: the constant that the model takes.
    transform
        Time as the test sees it.
    method
        ``score``, or ``robust score`` where people recur or are weighted.
    clock
        ``entry`` or ``registration``.
    level
        Level of the intervals of `trend`.
    note
        What should be known about these tests; empty when there is nothing.
    """

    table: pd.DataFrame
    residuals: pd.DataFrame
    trend: pd.DataFrame
    coefficients: pd.DataFrame
    transform: str
    method: str
    clock: Clock
    level: float
    note: str = ""

    def to_frame(self) -> pd.DataFrame:
        """Return the tests, one row for each term and one for all."""
        return self.table.copy()


def proportional_hazards(
    cohort: Cohort | WeekCounts,
    *,
    covariates: Sequence[str] | None = (),
    clock: Clock = "entry",
    strata: str | None = None,
    weights: Weights | None = None,
    transform: Transform = "km",
) -> ProportionalHazards:
    r"""Test whether hazard ratios stay the same over the weeks.

    The score test of a slope of each coefficient in time [1]_. A large p-value is no
    proof of a constant ratio, a small one in a large register may be of no importance:
    look at `trend`.

    Parameters
    ----------
    cohort
        People with ``weeks`` and ``exited``, or counts of them.
    covariates, clock, strata, weights
        As in `evalkit.hazard_ratio`.
    transform
        Time in which a slope is looked for. ``"km"``: one minus the Kaplan-Meier curve
        of all, so that no late week weighs too much. ``"identity"``: weeks. ``"log"``:
        their logarithm.

    Returns
    -------
    ProportionalHazards
        Tests, residuals and a smooth line through them.

    Raises
    ------
    EstimationError
        If the cohort has no durations, or an argument is not lawful.

    Notes
    -----
    With the Schoenfeld residuals :math:`s_t` (the covariates of those who leave in week
    t less what the model expects), a transform g and the information :math:`I_t` of the
    week, the score :math:`u = \sum_t g_t s_t` has the variance
    :math:`\sum g^2 I - (\sum g I)(\sum I)^{-1}(\sum g I)`. Where people recur or are
    weighted, the variance is the sum over people of the squares of their own parts.

    The line is a natural cubic spline with four degrees of freedom, fitted to the
    scaled residuals [2]_ :math:`\hat\beta + d\,(\sum I)^{-1} s_t`, and its band takes
    rows as independent.

    References
    ----------
    .. [1] Therneau TM, Grambsch PM (2000). Modeling survival data: extending the Cox
       model, chapter 6. Springer.
    .. [2] Grambsch PM, Therneau TM (1994). Proportional hazards tests and diagnostics
       based on weighted residuals. Biometrika 81, 515-526.

    Examples
    --------
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [2, 3, 3, 8, 3, 6, 7, 9],
    ...         "left": [1, 1, 1, 0, 1, 1, 0, 1],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> print(proportional_hazards(cohort))
     term statistic  df p_value
    pilot    1.2520   1  0.2632
      all    1.2520   1  0.2632
    """
    if transform not in get_args(Transform):
        raise EstimationError(
            f"`transform` is unknown: {transform!r}.",
            hint=f"Choose {', '.join(get_args(Transform))}.",
        )
    model = CoxModel.of(
        cohort, covariates=covariates, clock=clock, strata=strata, weights=weights
    )
    robust = recur_or_are_weighted(model.durations)
    residuals = _residuals(model)
    defined = bool(model.fit.is_finite.all())
    return ProportionalHazards(
        table=_tests(model, _transformed(model, transform), robust=robust),
        residuals=residuals,
        trend=_trend(model, residuals, level=cohort.level) if defined else _no_trend(),
        coefficients=pd.DataFrame(
            {"term": list(model.terms), "coef": model.fit.coefficients}
        ),
        transform=transform,
        method="robust score" if robust else "score",
        clock=clock,
        level=cohort.level,
        note=joined(model.infinite_note(), model.note),
    )


def _transformed(model: CoxModel, transform: Transform) -> Array:
    """Return g(t) of each place with exits, less its mean over exits."""
    rows = model.rows
    week = rows.week.astype(float)
    if transform == "km":
        g = 1 - _still_there(model)[rows.week - 1]
    else:
        g = week if transform == "identity" else np.log(week)
    return np.asarray(g - (g @ rows.exits) / max(rows.exits.sum(), 1.0))


def _still_there(model: CoxModel) -> Array:
    """Return the Kaplan-Meier curve of all rows at weeks 0, 1, 2 ..."""
    durations = model.durations
    sets = risk_sets(
        durations.entry, durations.end, model.left, counts=durations.counts
    )
    at_risk, events = sets.n_at_risk[0], sets.n_events[0]
    hazard = np.divide(events, at_risk, out=np.zeros(len(events)), where=at_risk > 0)
    return np.concatenate([[1.0], np.cumprod(1 - hazard)])


def _tests(model: CoxModel, g: Array, *, robust: bool) -> pd.DataFrame:
    """Return the score test of each term and of all."""
    k = len(model.terms)
    subsets = [[place] for place in range(k)] + [list(range(k))]
    if model.fit.is_finite.all():
        likelihood = model.fit.likelihood
        score = likelihood.schoenfeld() @ g
        slope = likelihood.information(g)
        if robust:
            bread = slope @ model.fit.covariance
            own = likelihood.score_residuals(g) - bread @ likelihood.score_residuals()
            variance = model.summed_squares(own)
        else:
            variance = likelihood.information(g**2)
            variance = variance - slope @ model.fit.covariance @ slope
        found = [_chi_squared(score, variance, places) for places in subsets]
    else:
        found = [(math.nan, math.nan) for _ in subsets]
    return pd.DataFrame(
        {
            "term": [*model.terms, ALL_TERMS],
            "statistic": [statistic for statistic, _ in found],
            "df": [len(places) for places in subsets],
            "p_value": [p_value for _, p_value in found],
        }
    )


def _chi_squared(
    score: Array, variance: Array, places: list[int]
) -> tuple[float, float]:
    """Return statistic and p-value of some scores; NaN where they cannot vary."""
    from scipy.special import gammaincc

    unit = np.sqrt(np.diag(variance)[places])
    if not (unit > 0).all():
        return math.nan, math.nan
    part = variance[np.ix_(places, places)] / unit[:, None] / unit
    if np.linalg.matrix_rank(part, hermitian=True) < len(places):
        return math.nan, math.nan
    scaled = score[places] / unit
    statistic = float(scaled @ np.linalg.solve(part, scaled))
    return statistic, float(gammaincc(len(places) / 2, statistic / 2))


def _residuals(model: CoxModel) -> pd.DataFrame:
    """Return the mean scaled residual of each week and term."""
    rows = model.rows
    weeks, code = np.unique(rows.week, return_inverse=True)
    exits = np.bincount(code, rows.exits)
    weight = np.bincount(code, rows.exits * rows.mean_weight)
    per_week = [
        np.bincount(code, residual) / weight
        for residual in model.fit.likelihood.schoenfeld()
    ]
    scaled = (
        weight.sum()
        * model.fit.covariance
        @ np.reshape(per_week, (len(model.terms), len(weeks)))
    )
    return pd.concat(
        pd.DataFrame(
            {"term": term, "weeks": weeks, "exits": exits, "residual": coef + residual}
        )
        for term, coef, residual in zip(
            model.terms, model.fit.coefficients, scaled, strict=True
        )
    ).reset_index(drop=True)


def _trend(model: CoxModel, residuals: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Return the spline through each term's residuals, with its band."""
    variance = model.rows.exits.sum() * np.diag(model.fit.covariance)
    z = normal_quantile(level)
    lines = []
    for (term, own), one in zip(
        residuals.groupby("term", sort=False), variance, strict=True
    ):
        weeks, exits = own["weeks"].to_numpy(dtype=float), own["exits"].to_numpy()
        basis = _natural_spline(weeks, exits)
        bread = np.linalg.pinv((basis * exits[:, None]).T @ basis, hermitian=True)
        line = basis @ (bread @ (basis.T @ (exits * own["residual"].to_numpy())))
        leverage = np.einsum("ij,jk,ik->i", basis, bread, basis)
        half = z * np.sqrt(np.maximum(one * leverage, 0.0))
        columns = {"coef": line, "ci_low": line - half, "ci_high": line + half}
        lines.append(pd.DataFrame({"term": term, "weeks": own["weeks"], **columns}))
    return pd.concat(lines).reset_index(drop=True)


def _no_trend() -> pd.DataFrame:
    return pd.DataFrame(columns=["term", "weeks", "coef", "ci_low", "ci_high"])


def _natural_spline(weeks: Array, exits: Array) -> Array:
    """Return a basis of cubics between knots, straight beyond the outer ones."""
    share = np.cumsum(exits) / exits.sum()
    knots = np.unique(weeks[[np.searchsorted(share, q - 1e-12) for q in _KNOTS]])
    unit = max(float(knots[-1] - knots[0]), 1.0)
    at, knots = (weeks - knots[0]) / unit, (knots - knots[0]) / unit
    bent = [
        _tail(at, knot, knots[-1]) - _tail(at, knots[-2], knots[-1])
        for knot in knots[:-2]
    ]
    return np.column_stack([np.ones_like(at), at, *bent])


def _tail(at: Array, knot: float, last: float) -> Array:
    cubes = np.maximum(at - knot, 0) ** 3 - np.maximum(at - last, 0) ** 3
    return np.asarray(cubes / (last - knot))
