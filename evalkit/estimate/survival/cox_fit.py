"""Coefficients that maximise the partial likelihood, by Newton's steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.survival.partial_likelihood import Likelihood, TieSums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.survival.risk_rows import RiskRows

    Array = NDArray[np.float64]

_STEPS, _HALVINGS = 30, 12
_SMALL_STEP = 1e-6  # steps shrink quadratically: the next one would be 1e-12
_LONGEST_STEP = 4.0
_NO_INFORMATION = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxFit:
    """Coefficients that maximise the partial likelihood.

    Attributes
    ----------
    likelihood
        The likelihood at them.
    null
        Its logarithm where all are zero.
    covariance
        Inverse of the information.
    is_finite
        Whether each coefficient has a finite estimate.
    """

    likelihood: Likelihood
    null: float
    covariance: Array
    is_finite: NDArray[np.bool_]

    @property
    def coefficients(self) -> Array:
        """The coefficients; NaN for those without a finite estimate."""
        return np.where(self.is_finite, self.likelihood.beta, np.nan)

    def influence(self) -> Array:
        """Return what each row does to the coefficients, per unit of weight: k x n."""
        return np.asarray(self.covariance @ self.likelihood.score_residuals())


def fit_cox(rows: RiskRows) -> CoxFit:
    """Maximise the partial likelihood by Newton's steps.

    Where a group has no exits the likelihood has no maximum: its coefficient walks on
    by a step of about one each time, while the others settle.
    """
    beta = np.zeros(len(rows.x))
    if not rows.exits.size:
        return _nothing_seen(rows)
    now = Likelihood.at(rows, beta)
    null = now.log_likelihood
    information = now.information()
    unit = np.sqrt(np.maximum(np.diag(information), 0.0))
    seen = unit > _NO_INFORMATION * np.sqrt(rows.weight.sum())
    unit = np.where(seen, unit, 1.0)
    spread = unit / np.sqrt(rows.mean_weight @ rows.exits)
    moving = seen.copy()
    for _ in range(_STEPS):
        step = _solved(information, now.schoenfeld().sum(axis=1), unit) * seen
        longest = np.abs(step * spread).max(initial=0.0)
        now = _uphill(now, step * min(1.0, _LONGEST_STEP / max(longest, 1e-300)))
        information = now.information()
        moving = np.abs(step * spread) > _SMALL_STEP
        if not moving.any():
            break
    return CoxFit(
        likelihood=now,
        null=null,
        covariance=_inverse(information),
        is_finite=seen & ~moving,
    )


def _nothing_seen(rows: RiskRows) -> CoxFit:
    k = len(rows.x)
    empty = np.zeros((k, 0))
    nothing = np.zeros(0)
    likelihood = Likelihood(
        rows=rows,
        beta=np.zeros(k),
        log_likelihood=0.0,
        risk=rows.weight,
        s1=empty,
        e1=empty,
        ties=TieSums(*[nothing] * 6),
    )
    return CoxFit(
        likelihood=likelihood,
        null=0.0,
        covariance=np.full((k, k), np.nan),
        is_finite=np.zeros(k, dtype=bool),
    )


def _uphill(now: Likelihood, step: Array) -> Likelihood:
    """Take a step, or a part of it that does not lead downhill."""
    rounding = 1e-12 * abs(now.log_likelihood)
    for _ in range(_HALVINGS):
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            new = Likelihood.at(now.rows, now.beta + step)
        if new.log_likelihood >= now.log_likelihood - rounding:
            return new
        step = step / 2
    return now


def _solved(information: Array, score: Array, unit: Array) -> Array:
    """Solve in units in which each coefficient counts alike; rank may be short."""
    scaled = information / unit[:, None] / unit
    return np.asarray(np.linalg.lstsq(scaled, score / unit, rcond=None)[0] / unit)


def _inverse(information: Array) -> Array:
    """Invert in units of the diagonal, so that small coefficients are not lost."""
    diagonal = np.diag(information)
    unit = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    return np.asarray(
        np.linalg.pinv(information / unit[:, None] / unit, hermitian=True)
        / unit[:, None]
        / unit
    )
