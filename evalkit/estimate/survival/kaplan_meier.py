"""The Kaplan-Meier curve of each cell, from counts per week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from evalkit.estimate.effect import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.survival.risk_sets import RiskSets

    Array = NDArray[np.float64]

_ROUNDING = 1e-12
_HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class KaplanMeier:
    r"""Hazard and survival per week: cell x week, weeks 1 to T.

    The hazard of week t is :math:`h_t = d_t / n_t`, 0 where nobody is at risk; survival
    is :math:`S_t = \prod_{s \le t} (1 - h_s)`.
    """

    at_risk: Array
    events: Array
    hazard: Array
    survival: Array

    @classmethod
    def of(cls, sets: RiskSets) -> Self:
        """Return the curve of each cell of the risk sets."""
        at_risk, events = sets.at_risk, sets.events
        share = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0)
        hazard = np.minimum(share, 1.0)  # a sum of weights may differ in its last digit
        return cls(
            at_risk=at_risk,
            events=events,
            hazard=hazard,
            survival=np.cumprod(1 - hazard, axis=1),
        )

    @property
    def per_survivor(self) -> Array:
        """One over those who survive each week; 0 where nobody does."""
        survivors = self.at_risk - self.events
        some = (survivors > 0) & (self.hazard < 1)
        return np.divide(1.0, survivors, out=np.zeros_like(survivors), where=some)

    @property
    def log_variance(self) -> Array:
        r"""Greenwood's variance of log survival, :math:`\sum d / (n (n - d))`.

        NaN from the week on in which everybody has left.
        """
        steps = self.hazard * self.per_survivor
        return np.cumsum(np.where(self.hazard < 1, steps, np.nan), axis=1)

    @property
    def greenwood(self) -> Array:
        """Standard error of survival."""
        return self.survival * np.sqrt(self.log_variance)

    def mean_until(self, horizon: int, start: int = 0) -> Array:
        """Return the mean weeks from `start` until an exit, at most to the horizon."""
        return self.remaining(horizon, start)[:, start]

    def remaining(self, horizon: int, start: int = 0) -> Array:
        """Return the area under the curve from each week 0, 1 ... to the horizon."""
        whole = np.column_stack([np.ones(len(self.survival)), self.survival])
        whole = whole[:, :horizon]
        whole[:, :start] = 0.0
        return np.cumsum(whole[:, ::-1], axis=1)[:, ::-1]


def log_log_interval(survival: Array, se: Array, level: float) -> tuple[Array, Array]:
    r"""Return the limits :math:`S^{\exp(\pm z \, se / (S |\log S|))}`.

    NaN where nobody, or everybody, has left: nothing is known about precision there.
    """
    inside = (survival > 0) & (survival < 1)
    s = np.where(inside, survival, np.nan)
    reach = normal_quantile(level) * se / (s * -np.log(s))
    return s ** np.exp(reach), s ** np.exp(-reach)


def half_life(survival: Array, low: Array, high: Array) -> tuple[float, float, float]:
    """Return the median week of one curve and its interval.

    The median is the first week in which survival is at most a half; the limits are
    the first weeks in which the limits of survival are. NaN where that never happens.
    """
    known_low = np.where(survival < 1, low, 1.0)
    known_low = np.where(survival > 0, known_low, 0.0)
    known_high = np.where(survival < 1, high, 1.0)
    return (
        _first_week(survival),
        _first_week(known_low),
        _first_week(known_high),
    )


def _first_week(curve: Array) -> float:
    weeks = np.flatnonzero(curve <= _HALF + _ROUNDING)
    return float(weeks[0] + 1) if weeks.size else np.nan
