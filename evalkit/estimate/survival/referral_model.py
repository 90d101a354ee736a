"""When controls are referred to the pilot after all: the chance of it, week by week.

A control who joins the pilot is no longer a control. Taken out at that moment, the ones
who stay have to stand for them: each by one over the chance of not having been referred
until then, given what was known of them at time zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from evalkit.estimate.adjustment.influence import FittedModel
from evalkit.estimate.groups.propensity import logistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

_MOST_PERIODS = 5
_REFERRALS_A_PERIOD = 10
_SEPARATED = "the covariates tell without error who of some was not referred"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReferralModel:
    r"""A pooled logistic regression of being referred in a week, among the not yet so.

    Attributes
    ----------
    model
        The fit: one record for each row and period in which it could be referred.
    row, period
        Row and period of each record.
    chance
        Chance of a referral in a week of a period: row x period.
    weeks
        Weeks of each period before week 0, 1 ... T: week x period.
    note
        What should be known about the fit; empty when there is nothing.
    """

    model: FittedModel
    row: Codes
    period: Codes
    chance: Array
    weeks: Array
    note: str

    @classmethod
    def of(cls, x: Array, stop: Codes, referred: NDArray[np.bool_]) -> Self:
        r"""Fit the chance of a referral.

        Parameters
        ----------
        x
            What was known of each row at time zero.
        stop
            Weeks in which the row could be referred: 1 for the week after time zero
            alone. A referral is in the last of them.
        referred
            Whether it was.

        Returns
        -------
        ReferralModel
            With :math:`\operatorname{logit} p = \alpha_{period} + \beta^\top x` [1]_:
            periods hold as many referrals each, ten or more, and are five at most.

        References
        ----------
        .. [1] Robins JM, Finkelstein DM (2000). Correcting for noncompliance and
           dependent censoring in an AIDS clinical trial with inverse probability of
           censoring weighted (IPCW) log-rank tests. Biometrics 56, 779-788.

        Examples
        --------
        >>> model = ReferralModel.of(
        ...     np.zeros((4, 0)),
        ...     np.array([2, 2, 1, 2]),
        ...     np.array([False, False, True, False]),
        ... )
        >>> model.weight(2).round(3).tolist()
        [1.361, 1.361, 1.361, 1.361]
        """
        periods = _periods(stop[referred] - 1, int(stop.max(initial=1)))
        n_periods = int(periods[-1]) + 1
        before = np.zeros((len(periods) + 1, n_periods))
        np.cumsum(np.eye(n_periods)[periods], axis=0, out=before[1:])
        row, period = np.nonzero(before[stop])
        weeks = before[stop][row, period]
        now = referred[row] & (periods[stop[row] - 1] == period)
        indicators = (period[:, None] == np.arange(1, n_periods)).astype(float)
        columns = np.hstack([indicators, x[row]])
        fit = logistic(columns, now / weeks, weeks)
        chance = np.zeros((len(x), n_periods))
        chance[row, period] = fit.fitted
        model = FittedModel(
            x=np.hstack([np.ones((len(row), 1)), columns]),
            fitted=fit.linear,
            slope=np.ones(len(row)),
            residual=now - weeks * fit.fitted,
            curvature=weeks * fit.fitted * (1 - fit.fitted),
        )
        return cls(
            model=model,
            row=row,
            period=period,
            chance=chance,
            weeks=before,
            note=_SEPARATED if fit.separated else fit.note,
        )

    def weight(self, week: int | Codes) -> Array:
        """Return one over each row's chance of no referral before a week is over.

        One week for all, or a week for each row, within those that it could be
        referred in.
        """
        return np.asarray(
            np.exp(-(np.log1p(-self.chance) * self.weeks[week]).sum(axis=1))
        )

    def influence(self, slope: Array) -> Array:
        """Return what each row does to an estimate through this model.

        `slope` says how the estimate answers to minus the logarithm of a row's chance
        of no referral in one week of a period: row x period.
        """
        at_records = (slope * self.chance)[self.row, self.period]
        by_record = self.model.influence(at_records)
        return np.bincount(self.row, by_record, len(self.chance)).astype(float)


def _periods(referral_weeks: Codes, n_weeks: int) -> Codes:
    """Return the period of each week: each period has as many referrals."""
    n_periods = len(referral_weeks) // _REFERRALS_A_PERIOD
    n_periods = min(max(n_periods, 1), _MOST_PERIODS)
    shares = np.arange(1, n_periods) / n_periods
    ends = np.unique(np.quantile(referral_weeks, shares, method="inverted_cdf"))
    ends = ends[ends < referral_weeks.max()]
    return np.searchsorted(ends, np.arange(n_weeks), side="left").astype(np.intp)
