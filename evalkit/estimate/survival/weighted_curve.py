"""A survival curve of people whose weights change from week to week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evalkit.estimate.survival.referral_model import ReferralModel

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimated:
    """A number, what each row contributes to its error, and the rows behind it."""

    value: float
    influence: Array
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightedCurve:
    """Survival by week, and what each row does to it.

    Attributes
    ----------
    survival
        Share still unemployed at the end of week 1, 2 ... T; NaN once nobody is left
        to tell.
    influence
        Contribution of each row to the error of `survival`: row x week.
    """

    survival: Array
    influence: Array

    @classmethod
    def of(
        cls,
        end: Codes,
        exited: NDArray[np.bool_],
        n_weeks: int,
        model: ReferralModel | None = None,
    ) -> Self:
        r"""Estimate a curve.

        Parameters
        ----------
        end
            Last week at risk of each row, all from week 1.
        exited
            Whether the row leaves in it.
        n_weeks
            Length of the curve.
        model
            Gives each row a weight in each week. None: one each.

        Returns
        -------
        WeightedCurve
            That of Kaplan and Meier with the sums of the weights as counts.

        Notes
        -----
        With weights :math:`w_{it}`, :math:`n_t = \sum_i w_{it} Y_{it}`,
        :math:`d_t = \sum_i w_{it} \Delta N_{it}`, the influence on :math:`S_\tau` is
        :math:`-S_\tau \sum_{t \le \tau} a_{it}` with
        :math:`a_{it} = w_{it} (\Delta N_{it} - Y_{it} d_t / n_t) / (n_t - d_t)`, and
        what the row does through the model of the weights.
        """
        survival = np.full(n_weeks, np.nan)
        influence = np.full((len(end), n_weeks), np.nan)
        total, share, slope = np.zeros(len(end)), 1.0, np.zeros((len(end), 1))
        for week in range(1, min(n_weeks, int(end.max(initial=0))) + 1):
            weight = (end >= week) * (1.0 if model is None else model.weight(week))
            leaves = exited & (end == week)
            left, stayed = weight @ leaves, weight @ ~leaves
            if stayed <= 0:
                survival[week - 1 :] = influence[:, week - 1 :] = 0.0
                break
            share *= stayed / (left + stayed)
            apart = weight * (leaves - left / (left + stayed)) / stayed
            total += apart
            survival[week - 1], influence[:, week - 1] = share, -share * total
            if model is not None:
                slope = slope + apart[:, None] * model.weeks[week]
                influence[:, week - 1] -= share * model.influence(slope)
        return cls(survival=survival, influence=influence)

    @property
    def last(self) -> Estimated:
        """Share still unemployed in the last week."""
        return self._estimated(self.survival[-1], self.influence[:, -1])

    @property
    def mean(self) -> Estimated:
        """Mean weeks unemployed until the last one."""
        survival, influence = self.survival[:-1], self.influence[:, :-1]
        return self._estimated(1 + survival.sum(), influence.sum(axis=1))

    def _estimated(self, value: float, influence: Array) -> Estimated:
        return Estimated(value=float(value), influence=influence, n=len(influence))
