"""Coefficients that maximise the partial likelihood, by Newton's steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evalkit.estimate.survival.partial_likelihood import Likelihood

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.survival.risk_rows import RiskRows

    Array = NDArray[np.float64]

_STEPS, _HALVINGS = 30, 12
_SMALL_STEP = 1e-8  # in standard deviations; added, and not evaluated again
_LONGEST_STEP = 4.0
_DUST = 1e-9  # of the information that a column could have


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoxFit:
    """Coefficients that maximise the partial likelihood.

    Attributes
    ----------
    beta
        The coefficients, whether or not they are finite estimates.
    likelihood
        The likelihood within a last, tiny step of them.
    null
        Its logarithm where all are zero.
    covariance
        Inverse of the information.
    is_finite
        Whether each coefficient has a finite estimate.
    """

    beta: Array
    likelihood: Likelihood
    null: float
    covariance: Array
    is_finite: NDArray[np.bool_]

    @property
    def coefficients(self) -> Array:
        """The coefficients; NaN for those without a finite estimate."""
        return np.where(self.is_finite, self.beta, np.nan)

    def influence(self) -> Array:
        """Return what each row does to the coefficients, per unit of weight: k x n."""
        return np.asarray(self.covariance @ self.likelihood.score_residuals())


def informative_columns(rows: RiskRows, information: Array) -> list[int]:
    """Return the first column, and those that are no combination of earlier ones.

    Judged by the information where all coefficients are zero, which is what varies
    among those at risk together.
    """
    if not rows.exits.size:
        return list(range(len(information)))
    kept, dust = [0], _dust(rows)
    for place in range(1, len(information)):
        known = information[np.ix_(kept, kept)]
        cross = information[kept, place]
        explained = cross @ np.linalg.lstsq(known, cross, rcond=None)[0]
        if information[place, place] - explained > dust[place]:
            kept.append(place)
    return kept


def _dust(rows: RiskRows) -> Array:
    """Return the information of each column that is nothing but rounding."""
    return np.asarray(_DUST * (rows.mean_weight @ rows.exits) * rows.variance)


def fit_cox(start: Likelihood, information: Array) -> CoxFit:
    """Maximise the partial likelihood by Newton's steps, starting from zero.

    `information` is that of the start.

    Where a group has no exits the likelihood has no maximum: its coefficient walks on
    by a step of about one each time, while the others settle.
    """
    rows, now = start.rows, start
    if not rows.exits.size:
        return _nothing_seen(start)
    seen = np.diag(information) > _dust(rows)
    unit = np.sqrt(np.where(seen, np.diag(information), 1.0))
    spread = unit / np.sqrt(rows.mean_weight @ rows.exits)
    for _ in range(_STEPS):
        step = _solved(information, now.schoenfeld().sum(axis=1), unit) * seen
        moving = np.abs(step * spread) > _SMALL_STEP
        if not moving.any():
            break
        longest = np.abs(step * spread).max()
        now = _uphill(now, step * min(1.0, _LONGEST_STEP / longest))
        information = now.information()
    return CoxFit(
        beta=now.beta + np.where(moving, 0.0, step),
        likelihood=now,
        null=start.log_likelihood,
        covariance=_inverse(information),
        is_finite=seen & ~moving,
    )


def _nothing_seen(start: Likelihood) -> CoxFit:
    k = len(start.beta)
    return CoxFit(
        beta=start.beta,
        likelihood=start,
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
