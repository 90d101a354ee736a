"""Differences of two curves up to a horizon: of mean weeks, and of survival at it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from evalkit.errors import EstimationError
from evalkit.estimate.adjustment.bootstrap import Bootstrap
from evalkit.estimate.adjustment.influence import clustered_se, few_clusters_note
from evalkit.estimate.effect import Effect, interval_and_p_value, joined
from evalkit.estimate.survival.durations import GROUPS, Durations
from evalkit.estimate.survival.exit_residuals import exit_residuals
from evalkit.estimate.survival.kaplan_meier import KaplanMeier
from evalkit.estimate.survival.reweighing import (
    MATCHING_NOTE,
    replicated,
    reweighed,
)
from evalkit.estimate.survival.supported import from_supported_week

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evalkit.cohort.cohort import Cohort
    from evalkit.cohort.week_counts import WeekCounts
    from evalkit.estimate.groups.weights import Weights
    from evalkit.estimate.survival.durations import Clock
    from evalkit.estimate.survival.risk_sets import RiskSets

    Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonDifference(Effect):
    """A difference between two survival curves up to a horizon; see also `Effect`.

    Attributes
    ----------
    horizon
        Weeks on the clock.
    clock
        ``entry`` or ``registration``.
    start
        Both curves are of people who have lasted this many weeks; 0: of all.
    """

    horizon: int
    clock: Clock
    start: int


def rmst_difference(
    cohort: Cohort | WeekCounts,
    *,
    horizon: int,
    clock: Clock = "entry",
    strata: str | None = None,
    weights: Weights | None = None,
    start: int | None = None,
    bootstrap: Bootstrap | None = None,
) -> HorizonDifference:
    r"""Compare the mean weeks in unemployment up to a horizon.

    The restricted mean survival time [1]_: how many of the next `horizon` weeks are
    spent in unemployment. Needs no proportional hazards and has a unit that anybody
    understands; negative means fewer weeks in the pilot group. The horizon is to be
    declared before the data are seen. Not proof of weeks in work: leaving is the event,
    wherever to.

    Parameters
    ----------
    cohort
        People, or counts of them, with the weeks observed and whether they ended in an
        exit.
    horizon
        Weeks on the clock, such as 13 or 26; within the follow-up of both groups.
    clock
        ``"entry"``: weeks since time zero. ``"registration"``: weeks since unemployment
        began; people enter late.
    strata
        Column, such as ``"month"``, within whose values groups are compared; strata are
        pooled with the weights of Mantel and Haenszel.
    weights
        Weights of the cohort's rows, from `evalkit.weigh`.
    start
        Count weeks of those who have lasted this many. None: everybody on the clock of
        entry; on that of registration from the earliest week on from which both groups
        have at least 30 people at risk (or half of their largest risk set).
    bootstrap
        Number of replicates and seed, where there are weights. None: the usual ones.

    Returns
    -------
    HorizonDifference
        In weeks, pilot minus control.

    Raises
    ------
    EstimationError
        If the horizon is not a whole number of weeks or lies beyond the follow-up, the
        clock is unknown, or the cohort has no such columns.

    Notes
    -----
    Exits happen at the ends of whole weeks, so the mean is
    :math:`\sum_{t = 0}^{h - 1} S_t` (from `start` on). With the area
    :math:`A_t = \sum_{u = t}^{h - 1} S_u` that lies beyond week t its variance is
    :math:`\sum_t A_t^2 d_t / (n_t (n_t - d_t))` [2]_. Where people recur, in a group or
    in both, the error is that of the influence functions

    .. math::
        u_i = -\sum_t \frac{A_t}{n_t - d_t}
        \Big( \Delta N_{it} - Y_{it} \frac{d_t}{n_t} \Big),

    summed within people and with the factor G / (G - 1). With weights, people are drawn
    again and weighed again; matches are taken as given. Strata of :math:`n_1` and
    :math:`n_0` rows weigh :math:`n_1 n_0 / (n_1 + n_0)`.

    References
    ----------
    .. [1] Royston P, Parmar MKB (2013). Restricted mean survival time: an alternative
       to the hazard ratio for the design and analysis of randomized trials with a
       time-to-event outcome. BMC Medical Research Methodology 13, 152.
    .. [2] Irwin JO (1949). The standard error of an estimate of expectation of life,
       with special reference to expectation of tumourless life in experiments with
       mice. Journal of Hygiene 47, 188-189.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [1, 2, 2, 4, 2, 4, 5, 5],
    ...         "left": [1, 1, 1, 1, 1, 1, 1, 0],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> difference = rmst_difference(cohort, horizon=4)
    >>> f"{difference.estimate} weeks (se {difference.se:.3f})"
    '-1.25 weeks (se 0.696)'
    """
    checked = _checked_horizon(horizon)
    durations = Durations.of(
        cohort, clock, weights=weights, strata=strata, with_routes=False
    )
    durations = from_supported_week(durations, start, by_stratum=True)
    contrast = _Contrast.of(durations, _mean_weeks, checked)
    error = contrast.error(cohort, weights, bootstrap or Bootstrap())
    return contrast.difference("rmst", error, cohort.level)


def survival_difference(
    cohort: Cohort | WeekCounts,
    *,
    horizon: int,
    clock: Clock = "entry",
    strata: str | None = None,
    weights: Weights | None = None,
    start: int | None = None,
    bootstrap: Bootstrap | None = None,
) -> HorizonDifference:
    r"""Compare the shares that are still unemployed at a horizon.

    Kaplan-Meier at one declared week. Negative means that fewer of the pilot group are
    left. Unlike the share not unemployed at the lag, it counts a return to unemployment
    as no return, and uses those whose follow-up ends before the horizon.

    Parameters
    ----------
    cohort
        People, or counts of them, with the weeks observed and whether they ended in an
        exit.
    horizon
        Weeks on the clock; within the follow-up of both groups.
    clock, strata, weights, start, bootstrap
        As in `rmst_difference`.

    Returns
    -------
    HorizonDifference
        In shares, pilot minus control.

    Raises
    ------
    EstimationError
        As in `rmst_difference`.

    Notes
    -----
    With both variances by Greenwood [1]_; where people recur, clustered; with weights,
    from people drawn again and weighed again.

    References
    ----------
    .. [1] Greenwood M (1926). The natural duration of cancer. Reports on Public Health
       and Medical Subjects 33. HMSO.

    Examples
    --------
    >>> import pandas as pd
    >>> from evalkit.cohort.cohort import Cohort
    >>> people = pd.DataFrame(
    ...     {
    ...         "treat": [1, 1, 1, 1, 0, 0, 0, 0],
    ...         "weeks": [1, 2, 2, 4, 2, 4, 5, 5],
    ...         "left": [1, 1, 1, 1, 1, 1, 1, 0],
    ...     }
    ... )
    >>> cohort = Cohort.from_frame(
    ...     people, group="treat", outcome="left", weeks="weeks", exited="left"
    ... )
    >>> difference = survival_difference(cohort, horizon=2)
    >>> f"{difference.estimate} (se {difference.se:.3f})"
    '-0.5 (se 0.306)'
    """
    checked = _checked_horizon(horizon)
    durations = Durations.of(
        cohort, clock, weights=weights, strata=strata, with_routes=False
    )
    durations = from_supported_week(durations, start, by_stratum=True)
    contrast = _Contrast.of(durations, _survival, checked)
    error = contrast.error(cohort, weights, bootstrap or Bootstrap())
    return contrast.difference("kaplan-meier", error, cohort.level)


Measure = tuple["Array", "Array"]
"""A number of each cell, and minus its slope in the log hazards: cell x week."""


def _mean_weeks(curve: KaplanMeier, horizon: int, start: int) -> Measure:
    """Return the mean weeks until the horizon, and the areas beyond each week."""
    area = curve.remaining(horizon, start)
    beyond = np.zeros_like(curve.survival)
    beyond[:, : horizon - 1] = area[:, 1:]
    return area[:, start], beyond


def _survival(curve: KaplanMeier, horizon: int, start: int) -> Measure:  # noqa: ARG001
    """Return survival at the horizon; no week before it matters more than another."""
    at_horizon = curve.survival[:, horizon - 1]
    slope = np.zeros_like(curve.survival)
    slope[:, :horizon] = at_horizon[:, None]
    return at_horizon, slope


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    """A standard error, how it was made, and what is to be said about it."""

    se: float
    kind: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contrast:
    """Both groups' numbers in each stratum, and the strata's shares in the answer."""

    durations: Durations
    curve: KaplanMeier
    measure: Callable[[KaplanMeier, int, int], Measure]
    horizon: int
    shares: Array
    note: str

    @classmethod
    def of(
        cls,
        durations: Durations,
        measure: Callable[[KaplanMeier, int, int], Measure],
        horizon: int,
    ) -> Self:
        """Return the contrast over the strata that are followed to the horizon."""
        sets = _risk_sets(durations, horizon)
        curve = KaplanMeier.of(sets)
        followed = _followed(sets, curve, durations.start).min(axis=1)
        _require_followed(followed.max(initial=0), horizon, durations.start)
        shares = np.where(followed >= horizon, _mantel_haenszel(durations), 0.0)
        lost = [
            name
            for name, weeks in zip(durations.strata, followed, strict=True)
            if weeks < horizon
        ]
        note = f"not followed to week {horizon} in both groups: {', '.join(lost)}"
        return cls(
            durations=durations,
            curve=curve,
            measure=measure,
            horizon=horizon,
            shares=shares / shares.sum(),
            note=note if lost else "",
        )

    def groups(self, curve: KaplanMeier) -> Array:
        """Return the number of the pilot and of the control group, pooled."""
        values, _ = self.measure(curve, self.horizon, self.durations.start)
        present = curve.at_risk.any(axis=1).reshape(-1, len(GROUPS)).all(axis=1)
        shares = np.where(present, self.shares, 0.0)
        pooled = shares @ values.reshape(-1, len(GROUPS))
        return np.asarray(pooled / shares.sum())

    def error(
        self, cohort: Cohort | WeekCounts, weights: Weights | None, bootstrap: Bootstrap
    ) -> _Error:
        """Return the standard error that fits weights, and people who recur."""
        durations = self.durations
        if weights is not None and weights.method != "matching":
            everybody = Durations.of(
                cohort,
                durations.clock,
                strata=durations.stratified_by,
                with_routes=False,
            )
            se, note = replicated(
                reweighed(cohort, weights, bootstrap),
                everybody.after(durations.start),
                self._drawn_again,
            )
            return _Error(se=float(se[0]), kind="-bootstrap", note=note)
        if weights is None and not durations.has_recurring():
            return _Error(se=self._independent_se())
        cluster = durations.cluster()
        return _Error(
            se=clustered_se(self._influence(), cluster),
            kind="-clustered",
            note=joined(few_clusters_note(cluster), MATCHING_NOTE if weights else ""),
        )

    def difference(self, name: str, error: _Error, level: float) -> HorizonDifference:
        """Return the result."""
        durations = self.durations
        pilot, control = map(float, self.groups(self.curve))
        estimate, se = pilot - control, error.se
        ci_low, ci_high, p_value = interval_and_p_value(estimate, se, level=level)
        n_pilot, n_control = durations.sizes
        no_spread = "no variation in either group: there is no interval"
        return HorizonDifference(
            estimate=estimate,
            se=se,
            ci_low=ci_low,
            ci_high=ci_high,
            p_value=p_value,
            pilot=pilot,
            control=control,
            n_pilot=n_pilot,
            n_control=n_control,
            level=level,
            method=name + error.kind,
            horizon=self.horizon,
            clock=durations.clock,
            start=durations.start,
            note=joined(
                durations.note, self.note, error.note, "" if se > 0 else no_spread
            ),
        )

    def _drawn_again(self, durations: Durations) -> Array:
        """Return the difference of people who were drawn and weighed again."""
        curve = KaplanMeier.of(_risk_sets(durations, self.horizon))
        return -np.diff(self.groups(curve))

    def _independent_se(self) -> float:
        """Return the error of independent rows, from counts alone."""
        curve = self.curve
        _, slope = self.measure(curve, self.horizon, self.durations.start)
        variance = (slope**2 * curve.hazard * curve.per_survivor).sum(axis=1)
        return math.sqrt(self.shares**2 @ variance.reshape(-1, len(GROUPS)).sum(axis=1))

    def _influence(self) -> Array:
        """Return what each row adds to the error of the difference."""
        durations = self.durations
        curve = self.curve
        _, slope = self.measure(curve, self.horizon, durations.start)
        factor = -slope * curve.per_survivor
        residual = exit_residuals(durations, durations.cell, factor, curve.hazard)
        weight = 1.0 if durations.weights is None else durations.weights
        sign = np.where(durations.pilot, 1.0, -1.0)
        return np.asarray(sign * self.shares[durations.stratum] * weight * residual)


def _mantel_haenszel(durations: Durations) -> Array:
    """Return n1 n0 / (n1 + n0) of each stratum, in rows or sums of weights."""
    size = durations.weights
    if durations.counts is not None:
        size = durations.counts if size is None else size * durations.counts
    n_cells = len(GROUPS) * len(durations.strata)
    n1, n0 = np.bincount(durations.cell, size, n_cells).reshape(-1, len(GROUPS)).T
    none = np.zeros(len(n1))
    return np.asarray(np.divide(n1 * n0, n1 + n0, out=none, where=n1 + n0 > 0))


def _risk_sets(durations: Durations, horizon: int) -> RiskSets:
    """Count to the week after the horizon, so that an end before it can be seen."""
    return durations.risk_sets(by_stratum=True, n_weeks=horizon + 1)


def _followed(sets: RiskSets, curve: KaplanMeier, start: int) -> Array:
    """Return the last week with somebody at risk in each stratum and group.

    Infinity where everybody has left by then, so that no later week is unknown.
    """
    at_risk = sets.n_at_risk > 0
    at_risk[:, :start] = True
    last = np.where(at_risk.all(axis=1), at_risk.shape[1], at_risk.argmin(axis=1))
    padded = np.column_stack([np.ones(len(last)), curve.survival])
    all_left = padded[np.arange(len(last)), last] <= 0
    return np.asarray(np.where(all_left, np.inf, last)).reshape(-1, len(GROUPS))


def _require_followed(followed: float, horizon: int, start: int) -> None:
    if horizon <= start:
        raise EstimationError(
            f"`horizon` is {horizon} weeks, but the curves begin at week {start}.",
            hint="Choose a later horizon, or an earlier `start`.",
        )
    if followed < horizon:
        raise EstimationError(
            f"`horizon` is {horizon} weeks, but both groups are followed for "
            f"{followed:.0f} only.",
            hint="Choose a horizon within the follow-up.",
        )


def _checked_horizon(horizon: int) -> int:
    if isinstance(horizon, bool) or horizon != int(horizon) or horizon < 1:
        raise EstimationError(
            f"`horizon` must be a whole number of weeks, 1 or more, got {horizon!r}."
        )
    return int(horizon)
