r"""A regression of the chance to leave in an interval, fitted by Newton's steps.

The linear predictor is the level of the interval's piece, the covariates' slopes and an
offset. The levels are many and each touches its own intervals only, so that they are
eliminated block by block: with the weights :math:`A_j = \sum w`, :math:`B_j = \sum w x`
of piece j the slopes' information is :math:`\sum w x x' - \sum_j B_j B_j' / A_j`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from evalkit.estimate.groups.gram import blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalkit.estimate.survival.person_periods import PersonPeriods

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_STEPS, _HALVINGS = 50, 12
_SMALL_STEP = 1e-7  # steps shrink quadratically: the next one would be 1e-14
_LONGEST_STEP = 4.0
_HIGHEST = 30.0  # of a predictor: the chance is 0 or 1 beyond
_LARGE_HAZARD = 700.0  # the exponential of more overflows


class Parts(NamedTuple):
    """Log-likelihood, its first derivative and minus its second one, by row.

    `observed` is what leads to the maximum in few steps, `expected` what errors are
    made of, as in other software; with the logit they are the same.
    """

    log_likelihood: Array
    score: Array
    observed: Array
    expected: Array


def _cloglog(eta: Array, left: Flags) -> Parts:
    hazard = np.exp(np.clip(eta, -_HIGHEST, _HIGHEST))
    known = np.minimum(hazard, _LARGE_HAZARD)
    ratio = hazard / np.expm1(known)
    return Parts(
        np.where(left, np.log(-np.expm1(-known)), -hazard),
        np.where(left, ratio, -hazard),
        np.where(left, ratio * (known / -np.expm1(-known) - 1), hazard),
        hazard * ratio,
    )


def _logit(eta: Array, left: Flags) -> Parts:
    eta = np.clip(eta, -_HIGHEST, _HIGHEST)
    chance = 1 / (1 + np.exp(-eta))
    spread = chance * (1 - chance)
    return Parts(left * eta - np.logaddexp(0, eta), left - chance, spread, spread)


LINKS: dict[str, Callable[[Array, Flags], Parts]] = {
    "cloglog": _cloglog,
    "logit": _logit,
}


def chances(link: str, eta: Array) -> Array:
    """Return the chance to leave that belongs to a linear predictor."""
    if link == "cloglog":
        return np.asarray(-np.expm1(-np.exp(eta)))
    return np.asarray(1 / (1 + np.exp(-eta)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sums:
    """What one pass over all rows and intervals gives."""

    log_likelihood: float
    level_score: Array
    score: Array
    level: Array  # A
    cross: Array  # B: piece x k
    square: Array

    def step(self) -> tuple[Array, Array]:
        """Return the steps of the levels and of the slopes."""
        mean = self.cross / self.level[:, None]
        score = self.score - mean.T @ self.level_score
        slopes = self.inverse_information() @ score
        return (self.level_score - self.cross @ slopes) / self.level, slopes

    def information(self) -> Array:
        """Return the information of the slopes, the levels being eliminated."""
        mean = self.cross / self.level[:, None]
        return np.asarray(self.square - mean.T @ self.cross)

    def inverse_information(self) -> Array:
        """Return the covariance of the slopes."""
        information = self.information()
        diagonal = np.diag(information)
        unit = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        scaled = information / unit[:, None] / unit
        return np.asarray(np.linalg.pinv(scaled, hermitian=True) / unit[:, None] / unit)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardFit:
    """Levels and slopes that maximise the likelihood.

    Attributes
    ----------
    levels
        Of each piece.
    slopes
        Of each covariate.
    is_finite
        Whether each slope has a finite estimate.
    covariance
        Inverse of the slopes' information.
    log_likelihood
        At the maximum.
    influence
        What each row does to the slopes, per unit of its weight: k x n.
    """

    levels: Array
    slopes: Array
    is_finite: Flags
    covariance: Array
    log_likelihood: float
    influence: Array

    @property
    def coefficients(self) -> Array:
        """The slopes; NaN for those without a finite estimate."""
        return np.where(self.is_finite, self.slopes, np.nan)


def fit_hazard(periods: PersonPeriods, link: str) -> HazardFit:
    """Fit levels and slopes."""
    k = len(periods.x)
    if not periods.n_pieces:
        return _nothing_seen(k, periods.x.shape[1])
    parts = LINKS[link]
    levels, slopes = _start(periods), np.zeros(k)
    now = _sums(periods, parts, levels, slopes)
    spread = np.sqrt(np.maximum(np.diag(now.information()), 0.0) / now.level.sum())
    seen = spread > 1e-10  # noqa: PLR2004  (rounding)
    moving = seen
    for _ in range(_STEPS):
        step = now.step()
        longest = np.abs(step[1] * spread).max(initial=0.0)
        shorter = min(1.0, _LONGEST_STEP / max(longest, 1e-300))
        step = (step[0] * shorter, step[1] * shorter)
        levels, slopes, now = _uphill(periods, parts, (levels, slopes), step, now)
        moving = np.abs(step[1] * spread) > _SMALL_STEP
        if not moving.any():
            break
    now = _sums(periods, parts, levels, slopes, "expected")
    return HazardFit(
        levels=levels,
        slopes=slopes,
        is_finite=seen & ~moving,
        covariance=now.inverse_information(),
        log_likelihood=now.log_likelihood,
        influence=_influence(periods, parts, (levels, slopes), now),
    )


def _nothing_seen(k: int, n_rows: int) -> HazardFit:
    return HazardFit(
        levels=np.zeros(0),
        slopes=np.zeros(k),
        is_finite=np.zeros(k, dtype=bool),
        covariance=np.full((k, k), np.nan),
        log_likelihood=0.0,
        influence=np.zeros((k, n_rows)),
    )


def _start(periods: PersonPeriods) -> Array:
    """Start from the rate of each piece."""
    exits, weight = np.zeros(periods.n_pieces), np.zeros(periods.n_pieces)
    for piece, at in zip(periods.piece, periods.each(), strict=True):
        own = periods.weight[at.rows]
        exits[piece] += own[at.left].sum()
        weight[piece] += own.sum()
    return np.log(exits / weight)


def _uphill(
    periods: PersonPeriods,
    parts: Callable[[Array, Flags], Parts],
    at: tuple[Array, Array],
    step: tuple[Array, Array],
    now: _Sums,
) -> tuple[Array, Array, _Sums]:
    """Take a step, or a part of it that does not lead downhill."""
    rounding = 1e-12 * abs(now.log_likelihood)
    for halving in range(_HALVINGS):
        levels, slopes = (a + s / 2**halving for a, s in zip(at, step, strict=True))
        new = _sums(periods, parts, levels, slopes)
        if new.log_likelihood >= now.log_likelihood - rounding:
            return levels, slopes, new
    return *at, now


def _sums(
    periods: PersonPeriods,
    parts: Callable[[Array, Flags], Parts],
    levels: Array,
    slopes: Array,
    kind: Literal["observed", "expected"] = "observed",
) -> _Sums:
    k, n_pieces = len(slopes), len(levels)
    level_score, level = np.zeros(n_pieces), np.zeros(n_pieces)
    cross, square, score = np.zeros((n_pieces, k)), np.zeros((k, k)), np.zeros(k)
    linear, total = slopes @ periods.x, 0.0
    for piece, at in zip(periods.piece, periods.each(), strict=True):
        eta = levels[piece] + linear[at.rows] + at.offset
        own = parts(eta, at.left)
        weight = periods.weight[at.rows]
        total += float(weight @ own.log_likelihood)
        scores, curvature = weight * own.score, weight * getattr(own, kind)
        level_score[piece] += scores.sum()
        level[piece] += curvature.sum()
        for block in blocks(len(at.rows)):
            x = periods.x[:, at.rows[block]]
            weighted = x * curvature[block]
            score += x @ scores[block]
            cross[piece] += weighted.sum(axis=1)
            square += weighted @ x.T
    return _Sums(
        log_likelihood=total,
        level_score=level_score,
        score=score,
        level=level,
        cross=cross,
        square=square,
    )


def _influence(
    periods: PersonPeriods,
    parts: Callable[[Array, Flags], Parts],
    fitted: tuple[Array, Array],
    sums: _Sums,
) -> Array:
    """Return each row's influence on the slopes: its score less the levels' part."""
    levels, slopes = fitted
    linear, mean = slopes @ periods.x, sums.cross / sums.level[:, None]
    scores = np.zeros_like(periods.x)
    for piece, at in zip(periods.piece, periods.each(), strict=True):
        eta = levels[piece] + linear[at.rows] + at.offset
        own = parts(eta, at.left).score
        scores[:, at.rows] += own * (periods.x[:, at.rows] - mean[piece][:, None])
    return np.asarray(sums.inverse_information() @ scores)
