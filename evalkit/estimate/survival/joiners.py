"""The people of a cohort, with the controls who joined the pilot later or without."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.survival.durations import GROUPS, Durations
from evalkit.estimate.survival.weighted_curve import Estimated, WeightedCurve

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.estimate.survival.referral_model import ReferralModel

    Array = NDArray[np.float64]
    Codes = NDArray[np.intp]

REFERRAL = "weeks_to_referral"
_DAYS_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """All rows of a cohort, in one reading of the controls who joined later.

    Attributes
    ----------
    group
        0 for pilots, 1 for controls.
    weeks, exited
        Whole weeks observed, 0 where unknown; whether they ended in an exit.
    referral
        Whole weeks until a control was referred while still unemployed; infinite if it
        was not.
    outcome, lag
        The outcome, and the week in which it was measured.
    horizon
        Weeks to look at.
    model
        Takes the joiners out and weighs the controls who stay, who are the rows of the
        model in their order. None: joiners are kept.
    """

    group: Codes
    weeks: Codes
    exited: NDArray[np.bool_]
    referral: Array
    outcome: Array
    lag: Codes
    horizon: int
    model: ReferralModel | None = None

    @classmethod
    def of(cls, cohort: Cohort, horizon: int) -> Self:
        """Return everybody as drawn, or say what the cohort lacks."""
        people = cohort.people
        if REFERRAL not in people.columns:
            raise EstimationError(
                f"The cohort has no column {REFERRAL}.",
                hint="It holds whole weeks from time zero to a control's referral, "
                "and nothing for those without one.",
            )
        durations = Durations.of(cohort)
        weeks, exited = (
            np.zeros(len(people), dtype=np.intp),
            np.zeros(len(people), bool),
        )
        weeks[durations.rows], exited[durations.rows] = durations.end, durations.exited
        group = np.where(cohort.is_pilot.to_numpy(), 0, 1)
        referral = np.floor(people[REFERRAL].to_numpy(dtype=float))
        joined = (group == 1) & (referral < weeks)
        return cls(
            group=group,
            weeks=weeks,
            exited=exited,
            referral=np.where(joined, referral, np.inf),
            outcome=people["outcome"].to_numpy(dtype=float),
            lag=_weeks_to_outcome(people, horizon),
            horizon=_checked(horizon, durations),
        )

    @property
    def joined(self) -> NDArray[np.bool_]:
        """True for controls who were referred within the horizon or the lag."""
        return np.asarray(self.referral < np.maximum(self.horizon, self.lag))

    def without_joiners(self, model: ReferralModel) -> Self:
        """Return the people with joiners followed until their referral only."""
        until = np.minimum(self.weeks, self.referral).astype(np.intp)
        stayed = self.exited & np.isinf(self.referral)
        return replace(self, weeks=until, exited=stayed, model=model)

    def curve(self, group: int) -> WeightedCurve:
        """Return the survival curve of a group; its influence is that of all rows."""
        own = self.group == group
        curve = WeightedCurve.of(
            self.weeks[own],
            self.exited[own],
            self.horizon,
            self.model if group else None,
        )
        influence = np.zeros((len(own), self.horizon))
        influence[own] = curve.influence
        return replace(curve, influence=influence)

    def mean_outcome(self, group: int) -> Estimated:
        """Return the mean of the outcome of a group."""
        own = np.flatnonzero(self.group == group)
        outcome, model = self.outcome[own], self.model if group else None
        weight = np.isfinite(outcome).astype(float)
        if model is not None:
            until = np.minimum(self.weeks, self.lag)[own]
            weight *= (self.referral[own] >= self.lag[own]) * model.weight(until)
        total = weight.sum()
        known = np.where(weight > 0, outcome, 0.0)
        mean = weight @ known / total if total > 0 else np.nan
        apart = weight * (known - mean) / total if total > 0 else weight * np.nan
        influence = np.zeros(len(self.group))
        influence[own] = apart
        if model is not None:
            influence[own] += model.influence(apart[:, None] * model.weeks[until])
        return Estimated(value=mean, influence=influence, n=int((weight > 0).sum()))


def _weeks_to_outcome(people: pd.DataFrame, horizon: int) -> Codes:
    """Return the week in which each row's outcome was measured."""
    if "days_observed" not in people.columns:
        return np.full(len(people), horizon, dtype=np.intp)
    days = people["days_observed"].to_numpy(dtype=float, na_value=np.nan)
    weeks = np.where(np.isnan(days), horizon, days // _DAYS_A_WEEK)
    return np.asarray(weeks, dtype=np.intp)


def _checked(horizon: int, durations: Durations) -> int:
    """Return the horizon, or say how far both groups are followed."""
    if isinstance(horizon, bool) or horizon != int(horizon) or horizon < 1:
        raise EstimationError(
            f"`horizon` must be a whole number of weeks, one or more, got {horizon!r}."
        )
    ends = [durations.end[durations.group == g] for g in range(len(GROUPS))]
    reached = min(int(end.max(initial=0)) for end in ends)
    if horizon > reached:
        raise EstimationError(
            f"`horizon` is {horizon} weeks, beyond the follow-up of both groups.",
            hint=f"Both are followed to week {reached}.",
        )
    return int(horizon)
