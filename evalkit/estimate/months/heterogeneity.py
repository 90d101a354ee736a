"""Whether strata differ by more than chance, and by how much.

Differences and their variances, one per stratum, are plain arrays.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_STEPS = 1000
_TOLERANCE = 1e-13


def cochran_q(
    differences: Array, variances: Array, *, around: float | None = None
) -> tuple[float, float]:
    """Return Q and its p-value; NaN for fewer than two strata.

    Around the inverse-variance mean, or around another pooled difference.
    """
    from scipy.special import chdtrc

    df = differences.size - 1
    if df < 1:
        return math.nan, math.nan
    weights = 1 / variances
    mean = np.average(differences, weights=weights) if around is None else around
    q = float((weights * (differences - mean) ** 2).sum())
    return q, float(chdtrc(df, q))


def wald_of_equality(differences: Array, covariance: Array) -> tuple[float, float]:
    """Return Wald's statistic that all differences are equal, and its p-value.

    NaN for fewer than two, and where a difference shows no variation of its own.
    """
    from scipy.special import chdtrc

    df = differences.size - 1
    if df < 1 or not np.isfinite(covariance).all():
        return math.nan, math.nan
    contrasts = np.column_stack([-np.ones(df), np.eye(df)])
    apart = contrasts @ differences
    spread = contrasts @ covariance @ contrasts.T
    if np.linalg.matrix_rank(spread, hermitian=True) < df:
        return math.nan, math.nan
    q = float(apart @ np.linalg.solve(spread, apart))
    return q, float(chdtrc(df, q))


def typical_variance(variances: Array) -> float:
    """Return the variance within a typical stratum (Higgins and Thompson 2002)."""
    weights = 1 / variances
    total = weights.sum()
    return float((variances.size - 1) * total / (total**2 - (weights**2).sum()))


def reml_tau2(differences: Array, variances: Array) -> float:
    """Return the restricted maximum likelihood estimate of the variance between.

    Fisher scoring from the moment estimate of Hedges, kept at zero or above; NaN if
    it does not settle.
    """
    tau2 = max(0.0, float(differences.var(ddof=1) - variances.mean()))
    for _ in range(_STEPS):
        following = max(0.0, tau2 + _scoring_step(differences, variances + tau2))
        if abs(following - tau2) <= _TOLERANCE * (variances.mean() + tau2):
            return following
        tau2 = following
    return math.nan


def _scoring_step(differences: Array, variances: Array) -> float:
    """Return the score of the restricted likelihood over its information."""
    w = 1 / variances
    w1, w2, w3 = w.sum(), (w**2).sum(), (w**3).sum()
    residuals = differences - np.average(differences, weights=w)
    score = (w**2 * residuals**2).sum() - (w1 - w2 / w1)
    information = w2 - 2 * w3 / w1 + (w2 / w1) ** 2
    return float(score / information)
